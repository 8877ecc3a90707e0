import { expect, test } from '@jest/globals';
import { placeTexts, userTexts } from '../../../src/agent/seed-texts.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import type { DatasourceResult } from '../../../src/datasource/datasource.ts';

const seed = (more: Partial<DatasourceResult>): DatasourceResult => ({
  id: 'nocloud',
  origin: '/dev/vdb (cidata)',
  instanceId: 'i-1',
  metaData: { publicKeys: [], raw: {} },
  digest: '',
  diagnostics: [],
  ...more,
});
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEYRQzIZfOkrikzscfPIxsBmELA8ngWh0456MhY6MtM4 a@b';

test('what the user wrote goes over vendor-data, and that over what the place says', () => {
  const found = seed({
    metaData: { hostname: 'from-meta', publicKeys: [key], raw: {} },
    vendorData: Buffer.from('#cloud-config\ntimezone: Europe/Paris\n'),
    userData: Buffer.from('#cloud-config\nhostname: mine\n'),
  });
  const texts = [...placeTexts(found), ...userTexts(found)];
  expect(texts.map(({ file }) => file)).toEqual([
    'meta-data of /dev/vdb (cidata)',
    'vendor-data of /dev/vdb (cidata)',
    'user-data of /dev/vdb (cidata)',
  ]);
  const { config, diagnostics } = parseConfig(texts);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect([config.hostname, config.time.zone, config.users[0]?.sshAuthorizedKeys]).toEqual([
    'mine',
    'Europe/Paris',
    [key],
  ]);
});

test.each([
  ['nothing at all', seed({})],
  ['blank user-data', seed({ userData: Buffer.from(' \n') })],
])('%s declares nothing', (_, result) => {
  expect([...placeTexts(result), ...userTexts(result)]).toEqual([]);
});
