import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { BerthError } from '../../src/core/errors.ts';
import { writeDurably } from '../../src/engine/durable-file.ts';
import { type VmFiles, vmFiles } from './vm-files.ts';
import type { VmSpec } from './vm-spec.ts';

/** What is kept of a VM besides its files. */
export interface StoredVm {
  readonly spec: VmSpec;
  /** The user to log in as; undefined when the config has none that our key opens. */
  readonly loginUser?: string;
  /** What the image says of itself. */
  readonly release: string;
}

/** Where VMs are kept: BERTH_VM_DIR, else below the XDG state directory when one is named, else `~/.local/share`. Pure. */
export function vmDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const named = env['BERTH_VM_DIR'];
  if (named !== undefined && named !== '') return named;
  const state = env['XDG_STATE_HOME'];
  const data = state === undefined || state === '' ? join(env['HOME'] ?? homedir(), '.local', 'share') : state;
  return join(data, 'berth', 'vm');
}

/** Checks a VM's name. Throws USAGE. Pure. */
export function checkVmName(name: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,31}$/.test(name)) return name;
  throw new BerthError('USAGE', `"${name}" cannot be the name of a VM`, {
    hint: 'up to 32 small letters, digits and dashes, a letter or digit first',
  });
}

/** The VMs of a person: one directory each. */
export class VmStore {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Where a VM's parts are, or would be. Throws USAGE (the name), UNSUPPORTED (the path). */
  files(name: string): VmFiles {
    return vmFiles(join(this.directory, checkVmName(name)));
  }

  /** Names of all VMs, sorted. */
  async names(): Promise<string[]> {
    const entries = await readdir(this.directory, { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort();
  }

  /** Undefined when there is no such VM, or it was not made to the end. Throws STORE_CORRUPT when its record cannot be read. */
  async find(name: string): Promise<StoredVm | undefined> {
    const { spec } = this.files(name);
    const text = await readFile(spec, 'utf8').catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as StoredVm;
    } catch (cause) {
      throw new BerthError('STORE_CORRUPT', `${spec} cannot be read`, { cause, hint: `berth vm rm ${name}` });
    }
  }

  /** Throws NOT_FOUND, naming the VMs that there are. */
  async get(name: string): Promise<StoredVm> {
    const found = await this.find(name);
    if (found !== undefined) return found;
    const names = await this.names();
    throw new BerthError('NOT_FOUND', `there is no VM ${name}`, {
      hint: names.length === 0 ? 'berth up makes one' : `there is: ${names.join(', ')}`,
    });
  }

  /** Only the owner may look: configs hold secrets. */
  async save(vm: StoredVm): Promise<void> {
    const { directory, spec } = this.files(vm.spec.name);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeDurably(spec, `${JSON.stringify(vm, null, 2)}\n`, 0o600);
  }

  /** Removes a VM that does not run, with its disks. */
  async remove(name: string): Promise<void> {
    await rm(this.files(name).directory, { recursive: true, force: true });
  }
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
