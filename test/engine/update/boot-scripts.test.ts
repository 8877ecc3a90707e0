import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultDeadlineSeconds } from '../../../src/agent/host-os.ts';
import { runCommand } from '../../../src/engine/run-command.ts';
import { installTools } from '../support/engine-versions.ts';
import { claimDirectory, reapEngine } from '../support/private-engine.ts';

const scripts = join(import.meta.dirname, '../../../image/os/root/usr/lib/berth');

/**
 * A root with the image's scripts over this machine's programs, in which a command runs. In a process namespace of its own a restart
 * ends that and nothing else; there is no watchdog, no EFI partition, and `power` only notes what it was told.
 */
const inRoot = `
set -e
root=$1
shift
mkdir -p "$root/over/lib/berth" "$root/root"
cp ${scripts}/functions ${scripts}/guard ${scripts}/keep-volumes "$root/over/lib/berth/"
# The part of sysinit that looks after volumes.
{
  echo '. /usr/lib/berth/functions'
  sed -n '/^# Where another release ran last/,/^.*volumes could not be put back/p' ${scripts}/sysinit
  echo 'echo yes > /run/berth/engine-starts'
} > "$root/over/lib/berth/volumes-at-boot"
printf '#!/bin/sh\\necho "$1" >> /run/berth/power\\n' > "$root/over/lib/berth/power"
echo 'VERSION_ID=1.1.0' > "$root/over/lib/os-release"
chmod +x "$root/over/lib/berth/power"
cd "$root/root"
mkdir -p usr proc sys/firmware/efi/efivars dev tmp
for name in bin sbin lib lib64; do [ -e "$name" ] || ln -s "usr/$name" "$name"; done
mount -t overlay -o "lowerdir=$root/over:/usr" overlay usr
mount -t proc proc proc
: > dev/console
[ -e dev/null ] || mknod -m 666 dev/null c 1 3
printf 'xxxx\\\\EFI\\\\Linux\\\\berth_1.1.0+2-1.efi' > sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f
printf 'slot=b\\ndevice=/dev/none3\\nroot_hash=bbbb\\n' > run/berth/boot
echo 0 > run/berth/health-deadline
# Memory has no reflinks.
mkdir before && cp -a var/. before && mount -t tmpfs tmpfs var && cp -a before/. var
chroot . "$@" > "$root/log" 2>&1 || true
rm -rf before && mkdir before && cp -a var/. before
umount var && cp -a before/. var
`;

let directory = '';

beforeAll(async () => {
  await installTools();
  directory = await claimDirectory('boot-scripts');
}, 300_000);

beforeEach(async () => {
  await rm(join(directory, 'root'), { recursive: true, force: true });
});

afterAll(async () => reapEngine(directory));

test('guard and agent wait equally long for the health gate when nothing is configured', async () => {
  const guard = await readFile(join(scripts, 'guard'), 'utf8');
  expect(guard).toContain(`\ndefault_deadline=${defaultDeadlineSeconds}\n`);
});

/** Runs a command in the root, with files put there before. @returns the text of a file afterwards; '' when there is none. */
async function inRootOf(
  files: Readonly<Record<string, string>>,
  command: readonly string[],
): Promise<(name: string) => Promise<string>> {
  const path = (name: string): string => join(directory, 'root', name);
  for (const name of ['run/berth', 'var/lib/berth']) await mkdir(path(name), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), text);
  }
  const namespaces = ['--mount', '--pid', '--fork', '--propagation', 'private'];
  await runCommand('unshare', [...namespaces, 'sh', '-c', inRoot, 'root', directory, ...command]);
  return async (name) => readFile(path(name), 'utf8').catch(() => '');
}

/** What the guard does of a release on trial whose deadline has passed. */
async function guard(files: Readonly<Record<string, string>>): Promise<{
  readonly restarts: boolean;
  readonly problems: string;
  readonly events: string;
  readonly rejected: string;
}> {
  const read = await inRootOf({ 'var/lib/berth/volumes/last': 'bbbb 1.1.0\n', ...files }, [
    ...['timeout', '--signal=KILL', '3', 'sh', '/usr/lib/berth/guard'],
  ]);
  return {
    restarts: (await read('run/berth/power')) === 'reboot\n',
    problems: await read('run/berth/boot-problems'),
    events: await read('var/lib/berth/volumes/events'),
    rejected: await read('var/lib/berth/rejected/berth_1.1.0.txt'),
  };
}

const told = { 'run/berth/unhealthy': 'shop: it does not answer\n' };
const mark = (rootHash: string) => ({ 'var/lib/berth/volumes/forward-only': `${rootHash} 1.1.0 user db\n` });
const late = 'it was not healthy within 0 seconds: shop: it does not answer';

describe('a release whose deadline has passed', () => {
  test('stays, and says so, where services ran with a volume that goes forward only', async () => {
    const { restarts, problems, events, rejected } = await guard({ ...told, ...mark('bbbb') });
    const why = 'services ran with volumes that go forward only (user/db)';
    expect({ restarts, rejected }).toEqual({ restarts: false, rejected: '' });
    expect(problems).toBe(`this system is not well and stays, because ${why}: ${late}\n`);
    expect(events).toMatch(/^\S+Z rollback-blocked 1\.1\.0 /);
    expect(events).toContain(`${late}; ${why}`);
  });

  test('stays with such a volume, though all its checks hold at last', async () => {
    const { restarts, problems } = await guard({ 'run/berth/unhealthy': '\n', ...mark('bbbb') });
    expect(restarts).toBe(false);
    expect(problems).toContain(
      'go forward only (user/db): it was not healthy within 0 seconds: all checks held at last',
    );
  });

  test.each([
    ['where no volume goes forward only', told, late],
    ['where another release ran with it', { ...told, ...mark('aaaa') }, late],
    ['where its agent never said anything', mark('bbbb'), 'it was not healthy within 0 seconds'],
    [
      'where its agent died',
      { ...told, ...mark('bbbb'), 'run/berth/reject': 'the agent died 5 times in a row\n' },
      'the agent died 5 times in a row',
    ],
  ])('is taken back %s', async (_rule, files, why) => {
    const { restarts, events, rejected } = await guard(files);
    expect({ restarts, events }).toEqual({ restarts: true, events: '' });
    expect(rejected.trim()).toMatch(new RegExp(`Z ${why}$`));
  });
});

describe('a boot', () => {
  const data = 'user-engine/volumes/db/_data';
  const boot = async (last: string, rules: string): Promise<readonly string[]> => {
    const read = await inRootOf(
      {
        'var/lib/berth/volumes/last': last,
        'var/lib/berth/volumes/rules': rules,
        [`var/lib/berth/${data}/file`]: 'data',
      },
      ['sh', '/usr/lib/berth/volumes-at-boot'],
    );
    return Promise.all(['run/berth/engine-starts', 'run/berth/reject', 'var/lib/berth/volumes/last'].map(read));
  };

  test('of the release that ran last goes on', async () => {
    expect(await boot('bbbb 1.1.0\n', `snapshot user db ${data}\n`)).toEqual(['yes\n', '', 'bbbb 1.1.0\n']);
  });

  test('of another one goes on where nothing is to be copied', async () => {
    expect(await boot('aaaa 1.0.0\n', '')).toEqual(['yes\n', '', 'bbbb 1.1.0\n']);
  });

  test('of a blessed one goes on where it cannot be noted, and says so', async () => {
    const read = await inRootOf(
      {
        'run/berth/blessed': '',
        'var/lib/berth/volumes/last': 'aaaa 1.0.0\n',
        'var/lib/berth/volumes/last.new/full': '',
      },
      ['sh', '/usr/lib/berth/volumes-at-boot'],
    );
    expect([await read('run/berth/engine-starts'), await read('var/lib/berth/volumes/last')]).toEqual([
      'yes\n',
      'aaaa 1.0.0\n',
    ]);
    expect(await read('run/berth/boot-problems')).toBe(
      'that 1.1.0 ran last could not be noted in /var/lib/berth/volumes\n',
    );
  });

  test('of any one completes what was to be put back, whatever is noted', async () => {
    const volumes = 'var/lib/berth/volumes';
    const read = await inRootOf(
      {
        [`${volumes}/last`]: '',
        [`${volumes}/rules`]: '',
        [`${volumes}/restore/of`]: 'aaaa 1.0.0\n',
        [`${volumes}/restore/last`]: 'aaaa 1.0.0\n',
        [`${volumes}/restore/list`]: `user db ${data}\n`,
        [`${volumes}/restore/user/db/file`]: 'before',
        [`${volumes}/restore/aside/of`]: 'bbbb 1.1.0\n',
        [`var/lib/berth/${data}/file`]: 'after',
      },
      ['sh', '/usr/lib/berth/volumes-at-boot'],
    );
    expect(await Promise.all([`var/lib/berth/${data}/file`, `${volumes}/taken-back/user/db/file`].map(read))).toEqual([
      'before',
      'after',
    ]);
  });

  test('of another one ends, and the guard takes it back, where a copy cannot be made', async () => {
    const [starts, reject, last] = await boot('aaaa 1.0.0\n', `snapshot user db ${data}\n`);
    expect([starts, last]).toEqual(['', 'aaaa 1.0.0\n']);
    expect(reject).toMatch(/^there can be no snapshot of the volume user\/db: /);
  });
});
