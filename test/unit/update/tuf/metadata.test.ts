import { expect, test } from '@jest/globals';
import { parseRoot, parseSnapshot, parseTargets } from '../../../../src/update/tuf/metadata.ts';

const common = { spec_version: '1.0.31', version: 1, expires: '2030-01-01T00:00:00Z' };
const bytes = (signed: object, signatures: readonly object[] = []): Uint8Array =>
  Buffer.from(JSON.stringify({ signatures, signed: { ...common, ...signed } }));
const many = <Value>(value: Value): Record<string, Value> =>
  Object.fromEntries(Array.from({ length: 20_000 }, (_, count) => [`${count}.json`, value]));

const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: '' } };
const role = { keyids: [], threshold: 1 };
const roles = { root: role, timestamp: role, snapshot: role, targets: role };
const target = { length: 1, hashes: { sha256: '0' } };

test.each<[string, () => unknown]>([
  ['files of a snapshot', () => parseSnapshot(bytes({ _type: 'snapshot', meta: many({ version: 1 }) }))],
  ['keys', () => parseRoot(bytes({ _type: 'root', consistent_snapshot: true, keys: many(key), roles }))],
  ['targets', () => parseTargets('x', bytes({ _type: 'targets', targets: many(target) }))],
  [
    'keys of delegations',
    () => parseTargets('x', bytes({ _type: 'targets', targets: {}, delegations: { keys: many(key), roles: [] } })),
  ],
  [
    'signatures',
    () =>
      parseSnapshot(
        bytes(
          { _type: 'snapshot', meta: {} },
          Object.keys(many(1)).map((keyid) => ({ keyid, sig: '' })),
        ),
      ),
  ],
])('so many %s that a host would be busy with them for long are refused before it is', (_what, parse) => {
  const since = performance.now();
  expect(parse).toThrow(expect.objectContaining({ details: expect.objectContaining({ refusal: 'oversized' }) }));
  expect(performance.now() - since).toBeLessThan(1000);
});

test('lists in lists, however deep, are what nobody signed', () => {
  const depth = 100_000;
  const text = Buffer.from(bytes({ _type: 'snapshot', meta: {}, deep: 'x' })).toString();
  const deep = text.replace('"x"', `${'['.repeat(depth)}${']'.repeat(depth)}`);
  expect(parseSnapshot(Buffer.from(deep)).signed.version).toBe(1);
});
