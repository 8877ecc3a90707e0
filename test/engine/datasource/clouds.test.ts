import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { HostCommand, HostLine } from './support/metadata-host.ts';
import { MetadataLab } from './support/metadata-lab.ts';
import type { Mood } from './support/metadata-server.ts';
import { type Asked, key, type Platform, type PlatformId, platforms } from './support/platforms.ts';

let lab: MetadataLab;
beforeAll(async () => {
  lab = await MetadataLab.create();
});
afterAll(() => lab.remove());
afterEach(() => lab.place({ kind: 'stop' }));

const ids = Object.keys(platforms) as PlatformId[];
const rowOf = (id: PlatformId): Platform => platforms[id];
const seedOf = (id: PlatformId, isReady = true): HostCommand => ({
  kind: 'seed',
  facts: { dmi: rowOf(id).dmi },
  isReady,
});

async function serve(id: PlatformId, mood: Mood = {}, where?: readonly string[]): Promise<void> {
  const { v4, v6, link } = rowOf(id).addresses;
  const all = [v4, v6, link === undefined ? undefined : `${link}%eth0`].filter((address) => address !== undefined);
  await lab.place({ kind: 'serve', platform: id, addresses: where ?? all, mood });
}

/** What counts of what the host found out. */
function shown({ line }: { readonly line: HostLine }): object {
  if (line.kind !== 'seed' || line.outcome.kind !== 'found') return line;
  const { id, instanceId, metaData } = line.outcome.result;
  return { id, instanceId, hostname: metaData.hostname, keys: metaData.publicKeys, userData: line.userData };
}

const wanted = (id: PlatformId): object => ({ id, ...rowOf(id).expected, keys: [key] });

async function asked(): Promise<readonly Asked[]> {
  return (await lab.place({ kind: 'stop' })).asked;
}

describe.each(ids)('%s', (id) => {
  const { addresses, userData } = rowOf(id);

  test('says who this machine is', async () => {
    await serve(id);
    expect(shown(await lab.host(seedOf(id)))).toEqual(wanted(id));
    const questions = await asked();
    expect(questions.filter(({ headers }) => headers['x-forwarded-for'] !== undefined)).toEqual([]);
  });

  const others = [addresses.v6, addresses.link === undefined ? undefined : `${addresses.link}%eth0`];
  const [other] = others.filter((address) => address !== undefined);
  if (other !== undefined)
    test('says so over IPv6 alone, before there is any other network', async () => {
      await serve(id, {}, [other]);
      expect(shown(await lab.host(seedOf(id, false)))).toEqual(wanted(id));
    });

  if (userData !== undefined)
    test('says so without a config of the user’s', async () => {
      await serve(id, { isWithoutUserData: true });
      expect(shown(await lab.host(seedOf(id)))).toEqual({ ...wanted(id), userData: null });
    });

  test('is asked again while it fails', async () => {
    await serve(id, { failures: { count: 6, status: 503 } });
    const { line, retries } = await lab.host(seedOf(id));
    expect(shown({ line })).toEqual(wanted(id));
    expect(retries.length).toBeGreaterThan(0);
    expect(retries[0]).toMatch(/the service answered 503$/);
  });
});

test('a service that comes late is waited for', async () => {
  const seed = lab.host(seedOf('hetzner'));
  await new Promise((resolve) => setTimeout(resolve, 700));
  await serve('hetzner');
  const { line, retries } = await seed;
  expect(shown({ line })).toEqual(wanted('hetzner'));
  expect(retries.length).toBeGreaterThan(2);
});

test('a slow service is waited for, one that is too slow is asked again', async () => {
  await serve('digitalocean', { delayMs: 300 });
  expect(shown(await lab.host(seedOf('digitalocean')))).toEqual(wanted('digitalocean'));
  await lab.place({ kind: 'stop' });
  await serve('digitalocean', { delayMs: 600 });
  const seed = lab.host(seedOf('digitalocean'));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await lab.place({ kind: 'stop' });
  await serve('digitalocean');
  const { line, retries } = await seed;
  expect(shown({ line })).toEqual(wanted('digitalocean'));
  expect(retries.join('\n')).toMatch(/no answer within 500 ms/);
});

// The first try after the network is there follows at once, and is not told of.
test('a token that the service does not know any more is replaced, and is never shown', async () => {
  await serve('ec2', { forgottenTokens: 2 }, ['169.254.169.254']);
  const { line, retries } = await lab.host(seedOf('ec2'));
  expect(shown({ line })).toEqual(wanted('ec2'));
  expect(retries).toEqual(['http://169.254.169.254/latest/meta-data/instance-id: the service refused the token']);
  const puts = (await asked()).filter(({ method }) => method === 'PUT');
  expect(puts.length).toBe(3);
  expect(JSON.stringify(line)).not.toContain('token-');
});

test('a refusal is believed when it stays: while the network comes up, somebody else may have the address', async () => {
  await serve('gce', { failures: { count: 4, status: 403 } }, ['169.254.169.254']);
  const { line, retries } = await lab.host(seedOf('gce'));
  expect(shown({ line })).toEqual(wanted('gce'));
  expect(retries.at(-1)).toBe('http://169.254.169.254/computeMetadata/v1/instance/id: the service answered 403');
});

test('a service that is switched off for this machine is not asked for ever', async () => {
  await serve('ec2', { failures: { count: 1000, status: 403 } }, ['169.254.169.254']);
  const { line } = await lab.host(seedOf('ec2'));
  expect(line).toMatchObject({
    kind: 'seed',
    outcome: {
      kind: 'failed',
      id: 'ec2',
      diagnostics: [
        {
          code: 'seed-unreadable',
          message: 'http://169.254.169.254/latest/api/token: the service answered 403',
          hint: 'the metadata service may be switched off for this machine',
        },
      ],
    },
  });
});

test('a document that is too long is refused', async () => {
  await serve('hetzner', { long: { path: '/hetzner/v1/userdata', bytes: 200_000 } }, ['169.254.169.254']);
  const { line } = await lab.host(seedOf('hetzner'));
  expect(line).toMatchObject({
    outcome: { kind: 'failed', diagnostics: [{ message: expect.stringMatching(/is longer than 100000 bytes$/) }] },
  });
});

test('a redirection leads nowhere', async () => {
  await lab.place({ kind: 'stranger', address: '192.0.2.99' });
  await serve('hetzner', { redirection: 'http://192.0.2.99/hetzner/v1/metadata' }, ['169.254.169.254']);
  const { line } = await lab.host(seedOf('hetzner'));
  expect(line).toMatchObject({ outcome: { kind: 'failed', diagnostics: [{ code: 'seed-unreadable' }] } });
  const urls = (await asked()).map(({ method, url, headers }) => [method, url, headers['host'] === undefined]);
  // The stranger's questions have no headers here.
  expect([...new Set(urls.map((url) => JSON.stringify(url)))]).toEqual(['["GET","/hetzner/v1/metadata",false]']);
});

describe('a virtual machine whose firmware names no cloud', () => {
  const unknown: HostCommand = { kind: 'seed', facts: { isVirtual: true }, isReady: true };

  test('is taken for OpenStack’s when its service answers', async () => {
    await serve('openstack');
    expect(shown(await lab.host(unknown))).toEqual(wanted('openstack'));
  });

  test('is not taken for another’s, unless the kernel command line says to look for all', async () => {
    await serve('upcloud');
    const probing = { ...unknown, facts: { cmdline: 'berth.datasource=probe' } };
    expect(shown(await lab.host(probing))).toEqual(wanted('upcloud'));
    const questions = await asked();
    await serve('upcloud');
    const { line } = await lab.host(unknown);
    expect(line).toMatchObject({ outcome: { kind: 'none' } });
    expect(questions.some(({ url }) => url === '/metadata/v1.json')).toBe(true);
    expect(new Set((await asked()).map(({ url }) => url))).toEqual(new Set(['/openstack/latest/meta_data.json']));
  });
});

describe('Azure’s fabric', () => {
  const reported = async (): Promise<string[]> => (await asked()).map(({ body }) => body);

  test('hears that a machine is ready', async () => {
    await lab.place({ kind: 'fabric', statuses: [503, 200] });
    const { line } = await lab.host({ kind: 'report', id: 'azure', outcome: { kind: 'ready' } });
    expect(line).toEqual({ kind: 'report', trouble: null });
    const [first, second, ...more] = await reported();
    expect(more).toEqual([]);
    expect(second).toBe(first);
    expect(second).toContain('<State>Ready</State>');
    for (const part of [
      '<GoalStateIncarnation>2<',
      '<ContainerId>c-1</ContainerId>',
      '<InstanceId>r-1.web1</InstanceId>',
    ])
      expect(second).toContain(part);
  });

  test('hears why a machine is not', async () => {
    await lab.place({ kind: 'fabric', statuses: [200] });
    const why = `web1 is degraded: <not> there & ${'x'.repeat(600)}`;
    const { line } = await lab.host({ kind: 'report', id: 'azure', outcome: { kind: 'failed', why } });
    expect(line).toEqual({ kind: 'report', trouble: null });
    const [body = ''] = await reported();
    expect(body).toContain('<State>NotReady</State>');
    expect(body).toContain('<SubStatus>ProvisioningFailed</SubStatus>');
    expect(body).toContain('<Description>web1 is degraded: &lt;not&gt; there &amp; xxx');
    expect(body).toContain(`${'x'.repeat(10)}</Description>`);
    expect(body.length).toBeLessThan(1500);
  });

  test('that never takes the report is given up', async () => {
    await lab.place({ kind: 'fabric', statuses: [500] });
    const { line } = await lab.host({ kind: 'report', id: 'azure', outcome: { kind: 'ready' } });
    expect(line).toEqual({ kind: 'report', trouble: 'the health report: the fabric answered 500' });
    expect((await reported()).length).toBe(12);
  });

  test('is not asked by machines elsewhere', async () => {
    await lab.place({ kind: 'fabric', statuses: [200] });
    const { line } = await lab.host({ kind: 'report', id: 'hetzner', outcome: { kind: 'ready' } });
    expect(line).toEqual({ kind: 'report', trouble: null });
    expect(await reported()).toEqual([]);
  });
});
