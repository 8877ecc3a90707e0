import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Declaration } from '../../../src/agent/declaration.ts';
import type { EngineSet } from '../../../src/agent/engine-set.ts';
import { GenerationStore } from '../../../src/agent/generation-store.ts';
import type { OverlayStore } from '../../../src/agent/operator-overlay.ts';
import { loadPasswordSeed } from '../../../src/agent/password-seed.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-declaration-'));
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

const text = `#cloud-config
users: [{name: ops, plain_text_passwd: canary, lock_passwd: false}]
password: canary
`;

async function declaration(): Promise<{ declaration: Declaration; generations: GenerationStore }> {
  const generations = await GenerationStore.open(join(directory, 'generations'));
  const deps = {
    instance: 'test',
    filesDirectory: directory,
    catalogue: { descriptions: new Map(), modelsFor: () => new Map() },
    engines: { userEngineIsService: false, isOwn: () => true } as unknown as EngineSet,
    overlay: { current: { enabled: [], disabled: [] } } as unknown as OverlayStore,
    generations,
    environment: {},
    passwordSeed: await loadPasswordSeed(join(directory, 'password-seed')),
  };
  return { declaration: new Declaration({ ...deps, release: () => '1.0' }), generations };
}

const nothing = { services: new Map(), networks: [], volumes: [] };

test('a clear-text password is not stored, and the same text again changes nothing', async () => {
  const first = await declaration();
  const prepared = first.declaration.prepare({ files: [{ file: 'a.yaml', text }] }, nothing);
  expect(await first.declaration.store(prepared, '2026-01-01T00:00:00Z')).toBe(1);
  const hash = prepared.config.users[0]?.passwordHash;
  expect(hash).toMatch(/^\$6\$/);
  for (const name of await readdir(join(directory, 'generations')))
    expect(await readFile(join(directory, 'generations', name), 'utf8')).not.toContain('canary');
  expect(JSON.stringify(first.declaration.redactedFiles(1))).not.toMatch(/canary|\$6\$/);

  // After a restart, too: the seed is kept.
  const second = await declaration();
  const again = second.declaration.prepare({ files: [{ file: 'a.yaml', text }] }, nothing);
  expect(await second.declaration.store(again, '2026-01-01T00:00:00Z')).toBe(1);
  const stored = second.declaration.prepare({ generation: 1 }, nothing);
  expect(stored.config).toEqual(prepared.config);
});

test('what is applied goes over what the place gives: nobody loses the key they came in with by leaving it out', async () => {
  const { declaration: made } = await declaration();
  made.stand([
    { file: 'vendor-data', text: '#cloud-config\nhostname: place\nssh_authorized_keys: [ssh-ed25519 AAAA a@b]\n' },
  ]);
  const { config, files } = made.prepare(
    { files: [{ file: 'a.yaml', text: '#cloud-config\nhostname: mine\n' }] },
    nothing,
  );
  expect(files.map(({ file }) => file)).toEqual(['vendor-data', 'a.yaml']);
  expect([config.hostname, config.users.map(({ sshAuthorizedKeys }) => sshAuthorizedKeys)]).toEqual([
    'mine',
    [['ssh-ed25519 AAAA a@b']],
  ]);
});

test('what is set on the machine goes over all else, stays with other configs, and is taken back by name', async () => {
  const { declaration: made } = await declaration();
  const file = (name: string, zone: string): { files: { file: string; text: string }[] } => ({
    files: [{ file: name, text: `#cloud-config\ntimezone: ${zone}\npassword: canary\n` }],
  });
  const declare = async (request: Parameters<Declaration['prepare']>[0]): Promise<string | undefined> => {
    const prepared = made.prepare(request, nothing);
    made.take(prepared, await made.store(prepared, '2026-01-01T00:00:00Z'));
    return prepared.config.time.zone;
  };
  expect(await declare(file('a.yaml', 'UTC'))).toBe('UTC');
  expect(await declare({ set: { key: 'timezone', value: 'Europe/Berlin' } })).toBe('Europe/Berlin');
  expect(await declare(file('b.yaml', 'Europe/Paris'))).toBe('Europe/Berlin');
  const [zone] = made.explain('timezone');
  expect([
    zone?.from.map(({ layer, file }) => [layer, file]),
    zone?.under.map(({ file, value }) => [file, value]),
  ]).toEqual([[['local', 'berth config set']], [['b.yaml', 'Europe/Paris']]]);
  expect(JSON.stringify(made.explain(undefined))).not.toMatch(/canary|\$6\$/);
  expect(await declare({ generation: 1 })).toBe('UTC');
  expect(await declare({ set: { key: 'timezone', value: 'Asia/Tokyo' } })).toBe('Asia/Tokyo');
  expect(await declare({ set: { key: 'timezone' } })).toBe('UTC');
  expect(() => made.prepare({ set: { key: 'a..b', value: 1 } }, nothing)).toThrow('"a..b" is not a key');
});

test('a root that its own keys did not sign is told, and trusted by nobody', async () => {
  const { declaration: made } = await declaration();
  const keyid = 'ab'.repeat(32);
  const keys = { [keyid]: { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: 'cd'.repeat(32) } } };
  const role = { keyids: [keyid], threshold: 1 };
  const signed = {
    ...{
      _type: 'root',
      spec_version: '1.0.31',
      version: 1,
      expires: '2030-01-01T00:00:00Z',
      consistent_snapshot: true,
    },
    ...{ keys, roles: { root: role, targets: role, snapshot: role, timestamp: role } },
  };
  const root = JSON.stringify({ signed, signatures: [{ keyid, sig: '00'.repeat(64) }] });
  const text = `#cloud-config\nberth:\n  update:\n    channel: beta\n    root: '${root}'\n`;
  const { config, parsed } = made.prepare({ files: [{ file: 'a.yaml', text }] }, nothing);
  expect(config.update).toEqual({ channel: 'beta', strategy: 'staged' });
  expect(parsed.diagnostics).toEqual([
    expect.objectContaining({
      ...{ file: 'a.yaml', line: 5, column: 5, path: 'berth.update.root', severity: 'error' },
      message: expect.stringContaining('signed by 0 of the 1 keys that have to'),
    }),
  ]);
});

test('a secret that the config cannot use is shown to nobody', async () => {
  const { declaration: made } = await declaration();
  const text = `#cloud-config
users: [{name: ops, hashed_passwd: canary}]
chpasswd: {users: [canary]}
write_files: [{path: a, permissions: '0600', content: canary}]
berth:
  luks: {data: {key: canary}, other: canary}
  secrets: {a: canary}
`;
  const prepared = made.prepare({ files: [{ file: 'a.yaml', text }] }, nothing);
  made.take(prepared, await made.store(prepared, '2026-01-01T00:00:00Z'));
  expect(JSON.stringify(made.redactedFiles(1))).toMatch(/hashed_passwd: .*\*{8}/);
  const shown = [made.redactedFiles(1), made.explain(undefined), made.explain('write_files[0].content'), made.problems];
  expect(JSON.stringify(shown)).not.toContain('canary');
  expect(made.explain('users[0].hashed_passwd')).toMatchObject([
    { value: '********', from: [{ file: 'a.yaml', line: 2, column: 21 }] },
  ]);
});
