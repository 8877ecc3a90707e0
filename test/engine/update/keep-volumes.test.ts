import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { OsRecords } from '../../../src/agent/os-records.ts';
import { rulesText } from '../../../src/agent/volumes/ruled-volume.ts';
import { VolumeFiles } from '../../../src/agent/volumes/volume-files.ts';
import { VolumeKeeper } from '../../../src/agent/volumes/volume-keeper.ts';
import { runCommand } from '../../../src/engine/run-command.ts';
import type { Desired, DesiredVolume } from '../../../src/services/model.ts';
import { plainContainer } from '../../contract/plain-container.ts';
import { installTools } from '../support/engine-versions.ts';
import { privateEngine } from '../support/private-engine.ts';
import { testImage } from '../support/test-image.ts';
import { type BootedRelease, keepVolumes, VolumeHost } from './support/volume-host.ts';

const old: BootedRelease = { rootHash: 'aaaa', version: '1.0.0', standing: 'blessed' };
const newer: BootedRelease = { rootHash: 'bbbb', version: '1.1.0', standing: 'trial' };
const third: BootedRelease = { rootHash: 'cccc', version: '1.2.0', standing: 'trial' };
const names = ['db', 'files'] as const;
const dataOf = (name: string): string => `user-engine/volumes/${name}/_data`;

const volume = (name: string, rollback: DesiredVolume['rollback']): DesiredVolume => {
  const create = { driver: 'local', driverOptions: {}, labels: {} };
  return { name, engine: 'user', key: `berth.volumes.${name}`, rollback, create };
};
const desired: Desired = {
  services: new Map(),
  networks: [],
  volumes: [...names.map((name) => volume(name, 'snapshot')), volume('cache', 'keep'), volume('later', 'snapshot')],
};

function keeper(host: VolumeHost, { rootHash, version, standing }: BootedRelease): VolumeKeeper {
  return new VolumeKeeper({
    files: new VolumeFiles(host.outside),
    running: { rootHash, version },
    isBlessed: () => standing === 'blessed',
    holds: {
      held: () => new Set(),
      stopped: () => new Set(),
      hold: async () => Promise.resolve(),
      lift: async () => Promise.resolve(),
    },
    onProblem: (why) => {
      throw new Error(why);
    },
  });
}

/** Replaces what is in the volumes. */
const write = (text: string): string =>
  [...names, 'cache'].map((name) => `rm -rf ${dataOf(name)}/* && echo ${text} > ${dataOf(name)}/content`).join('; ');

/** What is in them, sorted by name. */
const read = async (host: VolumeHost): Promise<string> =>
  (await host.run(`for name in cache db files; do cat user-engine/volumes/$name/_data/*; done`))
    .trim()
    .replaceAll('\n', ' ');

/** A host that ran the old release, with volumes that are declared. */
const prepare = async (host: VolumeHost): Promise<void> => {
  await host.run(
    `rm -rf full volumes user-engine && mkdir -p ${[...names, 'cache'].map(dataOf).join(' ')}; ${write('before')}`,
  );
  await keeper(host, old).declare(desired);
  expect(await host.boot(old)).toBe('');
};

describe('volumes on XFS with reflinks', () => {
  let host: VolumeHost;

  beforeAll(async () => {
    host = await VolumeHost.start('volumes-xfs');
  }, 300_000);

  beforeEach(async () => prepare(host));

  afterAll(async () => host.stop());

  test('come back as they were when the release is taken back', async () => {
    const rich = `cd ${dataOf('db')} && mkdir -m 2750 deep && echo secret > deep/file && chmod 640 deep/file && chown 70:71 deep/file`;
    await host.run(
      `${rich} && ln deep/file deep/second && ln -s file deep/link && mkfifo deep/pipe && setfattr -n user.a -v b deep/file; true`,
    );
    const facts = 'find . -printf "%p %y %m %U:%G %s %l %TY-%Tm-%TdT%TT %n\n" | sort';
    const before = await host.run(`cd ${dataOf('db')} && ${facts}`);
    expect(await host.boot(newer)).toBe('');
    await host.run(`${write('after')}; echo more > ${dataOf('db')}/more`);
    expect(await host.boot(old)).toBe('');
    expect(await host.run(`cd ${dataOf('db')} && ${facts}`)).toBe(before);
    expect(await read(host)).toMatch(/^after before.* before$/);
    // What the release had written that was taken back is not lost.
    const { snapshot, takenBack } = await keeper(host, old).status();
    expect([snapshot, takenBack]).toMatchObject([null, { version: '1.1.0', volumes: ['user/db', 'user/files'] }]);
    expect(await host.run('cat volumes/taken-back/user/db/*')).toBe('after\nmore\n');
    const { events } = await OsRecords.open(host.outside);
    expect(events.map(({ kind, version, reason }) => [kind, version, reason])).toEqual([
      ['volumes-copied', '1.0.0', 'user/db, user/files before 1.1.0'],
      ['volumes-restored', '1.0.0', 'user/db, user/files as they were before 1.1.0'],
    ]);
  });

  test('are copied without taking room', async () => {
    await host.run(`dd if=/dev/urandom of=${dataOf('db')}/big bs=1M count=120 status=none && sync`);
    const used = async (): Promise<number> => Number(await host.run('df --output=used -k . | tail -n 1'));
    const before = await used();
    expect(await host.boot(newer)).toBe('');
    expect(await host.run(`cmp ${dataOf('db')}/big volumes/snapshot/user/db/big && echo same`)).toBe('same\n');
    expect((await used()) - before).toBeLessThan(2048);
    await keeper(host, newer).forgetCopies();
    expect(await host.run('ls volumes')).not.toMatch(/snapshot/);
  });

  test('stay as they are once the release is blessed', async () => {
    await host.boot(newer);
    const agent = keeper(host, newer);
    expect((await agent.status()).snapshot).toEqual({ version: '1.0.0', volumes: ['user/db', 'user/files'] });
    await host.run(write('after'));
    await agent.forgetCopies();
    // An operator goes back later.
    expect(await host.boot(old)).toBe('');
    expect(await read(host)).toBe('after after after');
  });

  test('are copied anew when the release before ran in between', async () => {
    await host.boot(newer);
    await host.boot(old);
    await host.run(write('in-between'));
    await host.boot(newer);
    await host.run(write('after'));
    await host.boot(old);
    expect(await read(host)).toBe('after in-between in-between');
  });

  test('are let alone by further boots of the same release', async () => {
    await host.boot(newer);
    await host.run(write('after'));
    await host.boot(newer);
    await host.boot({ ...newer, standing: 'blessed' });
    expect(await read(host)).toBe('after after after');
    await host.boot(old);
    expect(await read(host)).toBe('after before before');
  });

  test('come back though the release removed them', async () => {
    await host.boot(newer);
    await host.run('rm -rf user-engine/volumes/db');
    await host.boot(old);
    expect(await host.run(`cat ${dataOf('db')}/content`)).toBe('before\n');
  });

  test('that go forward only are known to the guard, under the release that ran with them', async () => {
    const agent = keeper(host, newer);
    await agent.declare({ ...desired, volumes: [volume('db', 'forward-only'), volume('files', 'forward-only')] });
    expect(await host.call('forward_only', newer)).toBe('');
    await agent.engineCameUp('user');
    expect(await host.call('forward_only', newer)).toBe('user/db user/files ');
    expect(await host.call('forward_only', old)).toBe('');
  });

  test('can be copied, says the agent before it takes a release', async () => {
    const agent = keeper(host, old);
    await agent.declare(desired);
    await expect(agent.requireCopies()).resolves.toBeUndefined();
    await host.run(`mkdir other && mount -t tmpfs tmpfs ${dataOf('files')}`);
    await expect(agent.requireCopies()).rejects.toMatchObject({
      code: 'HOST_REFUSED',
      message: 'there can be no snapshot of the volume user/files: it is on a file system of its own',
    });
    await host.run(`umount ${dataOf('files')}; rmdir other`);
  });

  test('come back on a disk that the release has filled', async () => {
    await host.boot(newer);
    await host.run(write('after'));
    await host.fill();
    expect(await host.boot(old)).toBe('');
    expect(await read(host)).toBe('after before before');
    expect(await host.run('cat volumes/last; ls volumes/taken-back volumes/taken-back/user')).toBe(
      'aaaa 1.0.0\nvolumes/taken-back:\nof\nuser\n\nvolumes/taken-back/user:\ndb\nfiles\n',
    );
    expect((await keeper(host, old).status()).takenBack).toMatchObject({ version: '1.1.0' });
    await host.empty();
    await host.boot(third);
    expect(await host.run('cat volumes/snapshot/of; ls volumes')).not.toContain('taken-back');
  });

  test('come back on a full disk however many there are', async () => {
    const many = Array.from({ length: 40 }, (_, at) => `volume-with-quite-a-name-${at}`);
    const all = many.map((name) => `${dataOf(name)}/content`).join(' ');
    await host.run(`mkdir -p ${many.map(dataOf).join(' ')}; echo before | tee ${all}`);
    await keeper(host, old).declare({ ...desired, volumes: many.map((name) => volume(name, 'snapshot')) });
    await host.boot(newer);
    await host.run(`echo after | tee ${all}`);
    await host.fill();
    expect(await host.boot(old)).toBe('');
    await host.empty();
    expect(await host.run(`cat ${all} | sort | uniq -c`)).toMatch(/^ *40 before$/m);
    expect(await host.run('cat volumes/taken-back/user/*/content | uniq -c; cat volumes/last; ls volumes')).toMatch(
      /^ *40 after\naaaa 1\.0\.0\n(events\n)?last\nrules\ntaken-back\n$/,
    );
  });

  test('that cannot come back cost nothing that the release before wrote in the meantime', async () => {
    await host.boot(newer);
    // There is no room for the directory of the one that the release removed.
    await host.run(`${write('after')}; rm -rf user-engine/volumes/db`);
    await host.fill();
    expect(await host.boot(old)).toMatch(/^volumes could not be put back: user\/db, user\/files\nservices run /);
    const agent = keeper(host, old);
    await host.empty();
    await agent.declare(desired);
    await expect(agent.requireCopies()).rejects.toMatchObject({ code: 'HOST_REFUSED' });
    await host.run(`mkdir -p ${dataOf('db')}; ${write('for-days')}`);
    // A release that was activated before boots all the same, and is taken back.
    expect(await host.boot(third)).toBe('');
    expect(await read(host)).toBe('for-days before before');
    const kept = 'cat volumes/taken-back*/user/*/content';
    expect(await host.run(kept)).toBe('for-days\nfor-days\n');
    await host.run(write('third'));
    expect(await host.boot(old)).toBe('');
    expect(await read(host)).toBe('third before before');
    expect(await host.run(kept)).toBe('third\nthird\nfor-days\nfor-days\n');
    await expect(agent.requireCopies()).resolves.toBeUndefined();
  });

  test.each([
    newer,
    { ...newer, standing: 'blessed' } as const,
  ])('are not taken for those of another release when it cannot be noted which one ran ($standing)', async (release) => {
    await host.run('mkdir volumes/last.new');
    expect(await host.boot(release)).toMatch(/^that 1\.1\.0 ran last could not be noted in /);
    expect(await host.run('cat volumes/last')).toBe('aaaa 1.0.0\n');
    await host.run('rmdir volumes/last.new');
    await keeper(host, release).declare(desired);
    expect(await host.run('cat volumes/last')).toBe(release.standing === 'blessed' ? 'bbbb 1.1.0\n' : 'aaaa 1.0.0\n');
  });

  test('are those of the release that ran, though its first boot found the disk full', async () => {
    await host.boot(newer);
    await keeper(host, newer).forgetCopies();
    await host.fill();
    expect(await host.boot(old)).toMatch(/^that 1\.0\.0 ran last could not be noted in /);
    await host.empty();
    const agent = keeper(host, old);
    await agent.declare(desired);
    await host.run(write('in-between'));
    await host.boot(third);
    await host.run(write('after'));
    await host.boot(old);
    expect(await read(host)).toBe('after in-between in-between');
  });

  test('cannot be copied on a full disk, and nothing has changed', async () => {
    await host.fill();
    expect(await host.boot(newer)).toBe('for no reason');
    expect(await host.run('cat volumes/last; ls volumes')).toBe('aaaa 1.0.0\nlast\nrules\n');
  });

  const run = ({ rootHash, version, standing }: BootedRelease): string => `boot ${rootHash} ${version} ${standing}`;
  const show = 'cat user-engine/volumes/db/_data/* user-engine/volumes/files/_data/*';
  const anew = `rm -rf volumes/[!r]* volumes/restore* && echo "aaaa 1.0.0" > volumes/last; ${write('before')}`;

  test('survive a power cut at any command of the first boot', async () => {
    const back = `${run(old)}; ${show}; ls volumes`;
    const whole = /^before before (events )?last rules$/;
    // The release before comes up again: whatever was left half done, it is not put back.
    const first = await host.cutBoots(newer, anew, back);
    expect(first.length).toBeGreaterThan(20);
    for (const line of first) expect(line).toMatch(/^before before/);
    // The new one comes up again, changes what it has, and is taken back.
    const second = await host.cutBoots(newer, anew, `${run(newer)}; ${write('after')}; ${back}`);
    expect(second.length).toBe(first.length);
    for (const line of second) expect(line.replace(' taken-back', '')).toMatch(whole);
  }, 600_000);

  test('survive a power cut at any command of the way back', async () => {
    const ran = `${anew}; ${run(newer)}; ${write('after')}`;
    const kept = 'cat volumes/taken-back/user/*/* volumes/taken-back/of; ls volumes';
    const back = await host.cutBoots(old, ran, `${run(old)}; ${show}; ${kept}`);
    expect(back.length).toBeGreaterThan(20);
    for (const line of back) expect(line).toBe('before before after after bbbb 1.1.0 events last rules taken-back');
    // By hand, the newer one boots once more: it has all of its data, or all of that of before.
    const forth = await host.cutBoots(old, ran, `${run(newer)}; ${show}`);
    expect(forth.length).toBe(back.length);
    for (const line of forth) expect(line).toMatch(/^(after after|before before)$/);
  }, 600_000);
});

describe('volumes on a file system without reflinks', () => {
  let host: VolumeHost;

  beforeAll(async () => {
    host = await VolumeHost.start('volumes-ext4', 'mkfs.ext4 -q');
    await prepare(host);
  }, 300_000);

  afterAll(async () => host.stop());

  test('keep the agent from taking a release', async () => {
    const agent = keeper(host, old);
    await agent.declare(desired);
    await expect(agent.requireCopies()).rejects.toMatchObject({
      code: 'HOST_REFUSED',
      message: 'there can be no snapshot of the volume user/db: its file system has no reflinks',
    });
  });

  test('keep a release from running that booted all the same, with nothing changed', async () => {
    expect(await host.boot(newer)).toMatch(/^there can be no snapshot of the volume user\/db: .*not supported/);
    expect(await host.run('cat volumes/last; ls volumes')).toBe('aaaa 1.0.0\nlast\nrules\n');
    await host.boot(old);
    expect(await read(host)).toBe('before before before');
  });
});

test('a volume of a real engine is put back under it, and a container finds what was there before', async () => {
  await installTools();
  const started = await privateEngine({
    ...({ version: '26.1', name: 'volumes', role: 'system', diskMegabytes: 320, diskType: 'xfs' } as const),
  });
  const { engine, stateDir, command } = started;
  try {
    await copyFile(keepVolumes, join(stateDir, 'keep-volumes'));
    const inside = async (text: string): Promise<string> =>
      runCommand(command[0] ?? '', [...command.slice(1), 'sh', '-c', `cd ${stateDir}/data/state && ${text}`]);
    // A state directory on the file system of the engine's data, as on a host.
    await runCommand(command[0] ?? '', [
      ...[...command.slice(1), 'sh', '-c'],
      `mkdir -p ${stateDir}/data/state/volumes ${stateDir}/data/state/system-engine && ln -s ${stateDir}/data ${stateDir}/data/state/system-engine/data`,
    ]);
    const rules = rulesText([{ rollback: 'snapshot', engine: 'system', name: 'berth_db' }]);
    await inside(`printf '%s' '${rules}' > volumes/rules; echo aaaa 1.0.0 > volumes/last`);
    await engine.createVolume('berth_db', {
      driver: 'local',
      driverOptions: {},
      labels: { 'io.berth.instance': 'berth' },
    });
    const image = await testImage(engine);
    const mounts = [{ type: 'volume', source: 'berth_db', target: '/db', readOnly: false }] as const;
    /** A boot of a release, which has a container write to the volume. @returns all that is in it then. */
    const boot = async ({ rootHash, version, standing }: BootedRelease): Promise<string> => {
      await started.kill9();
      await inside(`sh ${stateDir}/keep-volumes "$PWD" ${rootHash} ${version} ${standing}`);
      await started.restart();
      const id = await engine.createContainer(
        `run-${version}`,
        plainContainer(image, { mounts, command: ['sh', '-c', `echo ${version} >> /db/releases; exec sleep 1000000`] }),
      );
      await engine.startContainer(id);
      const written: string[] = [];
      const io = { onOutput: (_stream: string, chunk: Buffer) => void written.push(chunk.toString()) };
      const read = { command: ['sh', '-c', 'sleep 0.2; cat /db/releases'], tty: false, stdin: false };
      await engine.exec(id, read, io);
      await engine.removeContainer(id);
      return written.join('');
    };
    expect(await boot(old)).toBe('1.0.0\n');
    expect(await boot(newer)).toBe('1.0.0\n1.1.0\n');
    expect(await boot(old)).toBe('1.0.0\n1.0.0\n');
    expect((await engine.listVolumes('io.berth.instance=berth')).map(({ name }) => name)).toEqual(['berth_db']);
    expect(await inside('cat volumes/taken-back/system/berth_db/releases')).toBe('1.0.0\n1.1.0\n');
  } finally {
    engine.close();
    await started.stop();
  }
}, 300_000);
