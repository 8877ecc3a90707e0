import type { Encryption, EncryptionRequest, HostCommands, KeyState, MappingRequest } from '../ports.ts';
import { runProgram } from '../program-runner.ts';

/** What makes a key slow to guess costs a second and much memory at every boot; a random key is not guessed. */
const quickKey = ['--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000'];

/** Encrypted devices by cryptsetup(8). Keys are given by the files they are in. */
export class Cryptsetup implements Encryption {
  readonly #commands: HostCommands;

  constructor(commands: HostCommands) {
    this.#commands = commands;
  }

  async tryKey(device: string, keyPath: string): Promise<KeyState> {
    const args = ['open', '--test-passphrase', '--type', 'luks2', '--batch-mode', '--key-file', keyPath, device];
    const { exitCode } = await this.#commands.run({ program: 'cryptsetup', args });
    if (exitCode === 0) return 'opens';
    const metadata = await runProgram(this.#commands, {
      program: 'cryptsetup',
      args: ['luksDump', '--dump-json-metadata', device],
    });
    return hasKeys(metadata) ? 'other-key' : 'no-keys';
  }

  async encrypt(
    device: string,
    keyPath: string,
    { label, uuid, options, hasRandomKey }: EncryptionRequest,
    signal: AbortSignal,
  ): Promise<void> {
    const isQuick = hasRandomKey && !options.some((option) => option.startsWith('--pbkdf'));
    const args = [
      ...['luksFormat', '--batch-mode', '--type', 'luks2', '--key-file', keyPath],
      ...(label === undefined ? [] : ['--label', label]),
      ...(uuid === undefined ? [] : ['--uuid', uuid]),
      ...(isQuick ? quickKey : []),
      ...options,
      device,
    ];
    await runProgram(this.#commands, { program: 'cryptsetup', args, signal });
  }

  async open(device: string, { name, keyPath, discard, options }: MappingRequest, signal: AbortSignal): Promise<void> {
    const args = [
      // Persistent: the header says the same to whoever opens the device elsewhere.
      ...['open', '--type', 'luks2', '--batch-mode', '--key-file', keyPath, '--persistent'],
      ...(discard ? ['--allow-discards'] : []),
      ...options,
      device,
      name,
    ];
    await runProgram(this.#commands, { program: 'cryptsetup', args, signal });
  }
}

/** Reads `cryptsetup luksDump --dump-json-metadata`: LUKS2 On-Disk Format Specification, section 3.2. Pure. */
export function hasKeys(metadata: string): boolean {
  const { keyslots } = JSON.parse(metadata) as { readonly keyslots?: object };
  return Object.keys(keyslots ?? {}).length > 0;
}
