import { expect, test } from '@jest/globals';
import { berthMarks, peerMarks } from '../../../bench/boot/marks.ts';
import { serviceNames } from '../../../bench/boot/services.ts';

const lines = (...texts: readonly (readonly [number, string])[]) => texts.map(([at, text]) => ({ at, text }));

test('Berth’s marks come from its console; what is said of earlier moments is counted back', () => {
  const said = lines(
    [104, 'berth: slot a on /dev/vda2 is mounted after 3.00 s, the initrd ran from 2.25 s'],
    [106, 'berth: the system engine starts after 5.00 s, init ran from 3.50 s'],
    [110, 'berth: config: NoCloud on /dev/vdb, first boot'],
    [118, 'berth: engine system: running, 26.1.5'],
    ...serviceNames.slice(1).map((name, index) => [121 + index, `berth: service ${name}: healthy`] as const),
    [126, 'berth: service ntp: healthy'],
  );
  const marks = {
    kernel: 1,
    initrd: 3.25,
    'first-process': 4.5,
    'engine-started': 6,
    agent: 10,
    engine: 18,
    'first-service': 21,
  };
  expect(berthMarks(said, 100)).toEqual(marks);
  const all = [...said, { at: 127, text: `berth: service ${serviceNames[0] ?? ''}: healthy` }];
  expect(berthMarks(all, 100)).toEqual({ ...marks, 'all-services': 27 });
});

test('the peer’s end is the last of its services, each counted once', () => {
  const said = lines(
    [104, 'Loading, please wait...'],
    [109, 'Welcome to Debian GNU/Linux 13 (trixie)!'],
    [140, '[   39.1] cloud-init[312]: Cloud-init v. 25.1.4 running init-local'],
    [148, '         Starting docker.service - Docker Application Container Engine...'],
    [150, 'bench: the engine answers after 49.00 s'],
    ...serviceNames.slice(1).map((name, index) => [160 + index, `bench: ${name} is healthy`] as const),
    [165, `bench: ${serviceNames[1] ?? ''} is healthy`],
    [166, 'bench: somebody-else is healthy'],
  );
  expect(peerMarks(said, 100)).toEqual({
    kernel: 1,
    initrd: 4,
    'first-process': 9,
    'cloud-init': 40,
    'engine-started': 48,
    engine: 50,
    'first-service': 60,
  });
  const all = [...said, { at: 170, text: `bench: ${serviceNames[0] ?? ''} is healthy` }];
  expect(peerMarks(all, 100)['all-services']).toBe(70);
});
