import { describe, expect, test } from '@jest/globals';
import { emptyHostConfig, type HostConfig } from '../../../src/config/host-config.ts';
import { fetchedPath } from '../../../src/host/files/fetched.ts';
import type { ContentFetcher } from '../../../src/host/ports.ts';
import { FakeFiles, FakeHost } from '../../fakes/fake-host.ts';
import { parseIgnition } from '../config/ignition/support.ts';
import { blockedLines, imageEtc, planOf, reconcile, stepIds } from './support.ts';

const ignite = (storage: object): HostConfig => parseIgnition({ storage }).config;

function hostWith(files: Readonly<Record<string, string>> = {}): FakeHost {
  return new FakeHost({ files: { ...imageEtc, ...files } });
}

describe('directories and links', () => {
  test('are made once, hard links last, and then nothing is left to do', async () => {
    const host = hostWith();
    const config = ignite({
      directories: [{ path: '/srv/app', mode: 448, user: { id: 7 } }],
      files: [{ path: '/srv/app/file', contents: { source: 'data:,x' } }],
      links: [
        { path: '/a-name', target: '/srv/app/file', hard: true },
        { path: '/etc/link', target: '../srv' },
      ],
    });
    const { done, blocked } = await reconcile(host, config);
    expect(done.map(({ kind }) => kind)).toEqual(['make-link', 'make-directory', 'write-file', 'make-hard-link']);
    expect(blocked).toEqual([]);
    expect(stepIds(await planOf(host, config, { previous: config }))).toEqual([]);
    expect(await host.files.state('/srv/app')).toMatchObject({ kind: 'directory', mode: 0o700, uid: 7, gid: 0 });
  });

  test('a link that is not declared any more goes, unless it leads elsewhere by now', async () => {
    const host = hostWith();
    const config = ignite({
      links: [
        { path: '/a', target: 'x' },
        { path: '/b', target: 'x' },
      ],
    });
    await reconcile(host, config);
    await host.files.makeLink('/b', 'y');
    await reconcile(host, emptyHostConfig, { previous: config });
    expect([await host.files.linkTarget('/a'), await host.files.linkTarget('/b')]).toEqual([undefined, 'y']);
  });

  test('what is in the way stays, unless it may go', async () => {
    const host = hostWith({ '/srv/a': 'theirs', '/srv/b': 'theirs' });
    const config = ignite({
      files: [{ path: '/srv/a', contents: { source: 'data:,mine' } }],
      links: [{ path: '/srv/b', target: 'x' }],
    });
    expect(blockedLines(await reconcile(host, config))).toEqual([
      'config file/srv/a: there is a file at /srv/a already',
      'config link/srv/b: something else is at /srv/b already',
    ]);
    const over = ignite({
      files: [{ path: '/srv/a', overwrite: true, contents: { source: 'data:,mine' } }],
      links: [{ path: '/srv/b', target: 'x', overwrite: true }],
    });
    await reconcile(host, over);
    expect([host.files.text('/srv/a'), await host.files.linkTarget('/srv/b')]).toEqual(['mine', 'x']);
  });

  test('a running host has places where nothing can be written; a tree has none', async () => {
    const config = ignite({ directories: [{ path: '/usr/a' }], files: [{ path: '/usr/b' }] });
    expect((await planOf(hostWith(), config)).blocked).toHaveLength(2);
    expect((await planOf(hostWith(), config, { tree: true })).blocked).toEqual([]);
  });
});

test('while something is refused, nothing at all is done', async () => {
  const config = ignite({
    luks: [{ name: 'secret', device: '/dev/vdb', clevis: { tpm2: true } }],
    files: [{ path: '/srv/a', contents: { source: 'data:,x' } }],
  });
  const plan = await planOf(hostWith(), config);
  expect(plan.steps).toEqual([]);
  expect(plan.blocked.map(({ key, until }) => [key, until])).toEqual([['storage.luks[0].clevis.tpm2', 'config']]);
});

describe('content on a server', () => {
  const config = ignite({
    files: [{ path: '/srv/a', contents: { source: 'https://files.example/a' }, append: [{ source: 'data:,%20more' }] }],
  });
  const [{ remote } = {}] = config.files;

  function fetching(fetcher: ContentFetcher): FakeHost {
    return Object.assign(hostWith(), { fetcher });
  }

  test('is fetched, kept, and only then written', async () => {
    const host = fetching({ fetch: async () => Buffer.from('content') });
    const { done } = await reconcile(host, config);
    expect(done.map(({ kind, phase }) => `${kind} ${phase}`)).toEqual(['fetch-content online', 'write-file early']);
    expect(host.files.text('/srv/a')).toBe('content more');
    // The next boot needs no network for it.
    await host.files.remove('/srv/a');
    expect((await reconcile(host, config, { previous: config })).done.map(({ kind }) => kind)).toEqual(['write-file']);
  });

  test('leaves what is there when it cannot be had', async () => {
    const host = fetching({ fetch: async () => await Promise.reject(new Error('no answer')) });
    const { failed } = await reconcile(host, config);
    expect(failed.map(({ step, error }) => [step.key, error])).toEqual([['write_files["/srv/a"]', 'no answer']]);
    expect(host.files.text('/srv/a')).toBeUndefined();
  });

  test('is forgotten when it is not declared any more', async () => {
    const host = fetching({ fetch: async () => Buffer.from('content') });
    await reconcile(host, config);
    await reconcile(host, emptyHostConfig, { previous: config });
    expect(remote === undefined ? undefined : host.files.text(fetchedPath(remote))).toBeUndefined();
    expect(host.files.text('/srv/a')).toBeUndefined();
  });
});

test('accounts that are not to be there go', async () => {
  const host = hostWith();
  const { config } = parseIgnition({ passwd: { users: [{ name: 'nobody', shouldExist: false }] } });
  await reconcile(host, config);
  expect(host.files.text('/etc/passwd')).toBe('root:x:0:0:root:/root:/bin/bash\n');
  expect(host.files).toBeInstanceOf(FakeFiles);
});
