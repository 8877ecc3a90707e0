import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '../../../image/command.ts';
import { prepareTools } from '../../../image/os/build.ts';
import type { CachedOs } from '../../../image/os/cached-build.ts';
import { inspectImage } from '../../../image/os/inspect.ts';
import { type ImageManifest, writeRelease } from '../../../image/os/release-files.ts';
import { signOs } from '../../../image/os/secure-boot.ts';
import { readSigningKey, type SigningKey } from '../../../image/os/signing-key.ts';
import type { Tools } from '../../../image/os/tools.ts';
import { type KeyFiles, makeKey } from '../support/signing.ts';
import { builtImage, testImageOptions } from '../support/test-image.ts';

const limitMs = 300_000;

let work: string;
let own: KeyFiles;
let other: KeyFiles;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'berth-sign-'));
  own = await makeKey(work, 'own');
  other = await makeKey(work, 'other');
}, limitMs);

afterAll(async () => rm(work, { recursive: true, force: true }));

describe('a key that cannot sign is refused:', () => {
  test.each<[string, () => Promise<readonly [string, string]>, string, string]>([
    [
      'one of another certificate',
      async () => [other.key, own.certificate],
      'CONFIG_INVALID',
      'own.crt is not the certificate of the key in',
    ],
    ['one that is not there', async () => [join(work, 'none'), own.certificate], 'NOT_FOUND', 'none cannot be read'],
    ['a certificate', async () => [own.certificate, own.certificate], 'CONFIG_INVALID', 'holds no private key in PEM'],
    ['one without a certificate', async () => [own.key, own.key], 'CONFIG_INVALID', 'own.key is no X.509 certificate'],
    [
      'an encrypted one',
      async () => {
        const locked = join(work, 'locked.key');
        await runCommand('openssl', ['pkey', '-in', own.key, '-aes256', '-passout', 'pass:x', '-out', locked]);
        return [locked, own.certificate];
      },
      'CONFIG_INVALID',
      'locked.key is encrypted',
    ],
    [
      'one that firmware cannot check',
      async () => {
        const { key, certificate } = await makeKey(work, 'curve', 'ec');
        return [key, certificate];
      },
      'CONFIG_INVALID',
      'curve.crt is not for an RSA key of 2048 bits or more',
    ],
    [
      'one that is too short',
      async () => {
        const { key, certificate } = await makeKey(work, 'short', 'rsa:1024');
        return [key, certificate];
      },
      'CONFIG_INVALID',
      'short.crt is not for an RSA key of 2048 bits or more',
    ],
  ])('%s', async (_what, files, code, message) => {
    const [key, certificate] = await files();
    await expect(readSigningKey(key, certificate)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});

describe('a signed image', () => {
  let os: CachedOs;
  let key: SigningKey;
  let tools: Tools;
  let directory: string;

  beforeAll(async () => {
    os = await builtImage();
    key = await readSigningKey(own.key, own.certificate);
    tools = await prepareTools(os.packages, join(work, 'programs'), testImageOptions().cacheDirectory);
    directory = join(work, 'signed');
    await mkdir(directory);
    const { architecture, version } = testImageOptions();
    await signOs(os, { architecture, version }, key, directory, tools);
  }, limitMs);

  test(
    'says who signed its programs, and shows when one was changed afterwards',
    async () => {
      const disk = join(directory, 'disk.raw');
      const found = await inspectImage(disk, testImageOptions());
      const signature = {
        kind: 'valid',
        certificate: {
          subject: 'O=Example, CN=own',
          sha256: key.certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
          validTo: expect.stringMatching(/^\d{4}-/),
        },
      };
      expect(found.bootLoaders).toEqual([{ file: 'BOOTX64.EFI', signature }]);
      expect(found.entries).toMatchObject([{ slot: 'berth-a', isIntact: true, signature }]);

      const uki = await readFile(join(directory, 'berth.efi'));
      const at = uki.indexOf('panic=10');
      uki.write('panic=11', at, 'latin1');
      const changed = join(work, 'changed.efi');
      await writeFile(changed, uki);
      const esp = `${disk}@@${found.partitions[0]?.startBytes}`;
      await tools.run('mcopy', ['-o', '-i', esp, changed, `::/EFI/Linux/${found.entries[0]?.file}`]);
      const again = await inspectImage(disk, testImageOptions());
      expect(again.entries).toMatchObject([{ isIntact: true, signature: { kind: 'broken' } }]);
      expect(again.bootLoaders).toMatchObject([{ signature: { kind: 'valid' } }]);
    },
    limitMs,
  );

  test(
    'is the unsigned one beside its signatures',
    async () => {
      for (const [signed, unsigned] of [
        [join(directory, 'berth.efi'), os.uki],
        [join(directory, 'systemd-boot.efi'), os.bootLoader],
      ] as const) {
        const stripped = join(work, 'stripped.efi');
        await runCommand('cp', [signed, stripped]);
        await tools.run('sbattach', ['--remove', stripped]);
        const program = await readFile(stripped);
        // sbsign fills in the headers' check sum, which neither firmware nor the signature looks at.
        program.writeUInt32LE(0, program.readUInt32LE(0x3c) + 24 + 64);
        expect(program.equals(await readFile(unsigned))).toBe(true);
      }
    },
    limitMs,
  );

  test(
    'has the certificate in its manifest',
    async () => {
      const out = join(work, 'release');
      await writeRelease(testImageOptions(), ['raw'], out, key);
      const manifest = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8')) as ImageManifest;
      expect(manifest.secureBoot).toMatchObject({ kind: 'signed', certificate: { subject: 'O=Example, CN=own' } });
      const found = await inspectImage(join(out, manifest.files[0]?.name ?? ''), testImageOptions());
      expect(found.entries).toMatchObject([{ isIntact: true, signature: { kind: 'valid' } }]);
    },
    limitMs,
  );
});
