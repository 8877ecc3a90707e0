import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError } from '../../src/core/errors.ts';
import type { BuiltOs } from './build.ts';
import { buildDisk, type FirmwareKeys } from './disk.ts';
import type { Release } from './layout.ts';
import { isSignedBy } from './signature.ts';
import type { SigningKey } from './signing-key.ts';
import type { Tools } from './tools.ts';

/** Who says that firmware may trust the certificate: a name of ours, the same in every image. */
const owner = 'be278000-0000-4000-8000-00000000005b';

/**
 * A release for Secure Boot, in `directory`: its UKI and its boot loader signed, and on the ESP the keys as systemd-boot takes
 * them into a firmware that has none yet. The release that is given stays as it is. A signature holds its time, so no two
 * signed releases are the same; without their signatures they are.
 * Throws UNSUPPORTED when a program cannot be signed.
 */
export async function signOs(
  os: BuiltOs,
  release: Release,
  key: SigningKey,
  directory: string,
  tools: Tools,
): Promise<BuiltOs> {
  const at = (name: string): string => join(directory, name);
  const signed = { uki: at('berth.efi'), bootLoader: at('systemd-boot.efi'), disk: at('disk.raw') };
  await writeFile(at('certificate.pem'), key.certificate.toString());
  await signProgram(os.uki, signed.uki, key, at('certificate.pem'), tools);
  await signProgram(os.bootLoader, signed.bootLoader, key, at('certificate.pem'), tools);
  const keys = await firmwareKeys(key, directory, tools);
  await buildDisk({ ...os, ...release, ...signed, keys }, signed.disk, directory, tools);
  return { ...os, ...signed, directory };
}

/** Signs an EFI program into another file. Throws UNSUPPORTED when the signature does not hold. */
export async function signProgram(
  from: string,
  to: string,
  { keyFile, certificate }: SigningKey,
  certificateFile: string,
  tools: Tools,
): Promise<void> {
  await tools.run('sbsign', ['--key', keyFile, '--cert', certificateFile, '--output', to, from]);
  if (!(await isSignedBy(to, certificate, tools))) {
    throw new BerthError('UNSUPPORTED', `${to} was signed, and its signature does not hold`);
  }
}

/** The three variables that firmware keeps keys in, each signed with the key itself. */
async function firmwareKeys({ keyFile, certificate }: SigningKey, work: string, tools: Tools): Promise<FirmwareKeys> {
  const at = (name: string): string => join(work, name);
  await writeFile(at('certificate.der'), certificate.raw);
  const list = ['--owner', owner, '--type', 'x509', '--output', at('keys.esl'), at('certificate.der')];
  await tools.run('sbsiglist', list);
  const signer = ['-k', keyFile, '-c', at('certificate.pem')];
  const keys = { db: at('db.auth'), KEK: at('KEK.auth'), PK: at('PK.auth') };
  for (const [name, file] of Object.entries(keys)) {
    // Not sbvarsign: firmware that checks what it is given (the first PK always is) finds its signatures wrong.
    await tools.run('sign-efi-sig-list', [...signer, name, at('keys.esl'), file]);
  }
  return keys;
}
