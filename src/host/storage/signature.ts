import type { FilesystemConfig, LuksConfig } from '../../config/storage-config.ts';
import type { Signature } from '../ports.ts';

/** What a device holds, for a person; undefined for nothing. Pure. */
export function describeSignature(signature: Signature): string | undefined {
  switch (signature.kind) {
    case 'none':
      return undefined;
    case 'filesystem':
      return `${signature.type}${signature.label === undefined ? '' : ` (${signature.label})`}`;
    case 'table':
      return `a partition table (${signature.type})`;
    case 'raid-member':
      return `a part of the array ${signature.array ?? 'of another host'}`;
    case 'encrypted': {
      const { version, label, uuid } = signature;
      return `an encrypted device (LUKS${version}, ${label === undefined ? `UUID ${uuid ?? 'unknown'}` : label})`;
    }
    case 'unclear':
      return signature.what;
  }
}

/** Pure. */
export function isMemberOf(signature: Signature | undefined, array: string): boolean {
  if (signature?.kind !== 'raid-member') return false;
  // mdadm puts the host's name in front.
  return signature.array === array || signature.array?.endsWith(`:${array}`) === true;
}

/** True for a file system that is as declared, as far as its signature says. Pure. */
export function isFilesystem(signature: Signature, { type, label }: Pick<FilesystemConfig, 'type' | 'label'>): boolean {
  if (signature.kind !== 'filesystem' || signature.type !== type) return false;
  // vfat has its labels in capitals.
  return label === undefined || signature.label?.toUpperCase() === label.toUpperCase();
}

/** Pure. */
export function isReplaceable(signature: Signature, replaces: readonly string[]): boolean {
  return signature.kind === 'filesystem' && replaces.includes(signature.type);
}

/** True for an encrypted device that is as declared, whatever opens it. Pure. */
export function isVolume(signature: Signature, { label, uuid }: Pick<LuksConfig, 'label' | 'uuid'>): boolean {
  if (signature.kind !== 'encrypted' || signature.version !== '2') return false;
  return (label === undefined || signature.label === label) && (uuid === undefined || signature.uuid === uuid);
}
