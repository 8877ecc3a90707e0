import { mapperPath } from '../../config/device-path.ts';
import type { FetchConfig } from '../../config/host-config.ts';
import type { LuksConfig } from '../../config/storage-config.ts';
import { formatPath } from '../../core/diagnostic.ts';
import type { HostAction } from '../step.ts';
import type { Maker, StorageDraft, Subject } from './draft.ts';
import { candidatePath, keptPath } from './luks-keys.ts';
import { describeSignature, isVolume } from './signature.ts';

/**
 * An encrypted device: opened with the key that this host keeps, where it keeps one; else its key is tried, and the device is
 * made where it may be. Pure.
 */
export function planLuks(volume: LuksConfig, limits: FetchConfig, draft: StorageDraft): void {
  const about = { key: formatPath(['berth', 'luks', volume.name]), subject: `luks/${volume.name}` };
  if (isOpen(volume, about, draft)) return;
  const maker = draft.makerOf(volume.device);
  const isKept = ['declared', 'other'].includes(draft.observed.keys.get(volume.name) ?? 'none');
  if (maker?.isKept === true) {
    // What it holds can be seen once it is there.
    if (isKept) open(volume, { after: [maker.id], isKept }, about, draft);
  } else if (maker !== undefined) {
    encrypt(volume, { maker, mayDestroy: true, limits }, about, draft);
  } else {
    planOnDevice(volume, limits, about, draft);
  }
}

/** True when what is in the device is there already; when it is another one's, that is noted. */
function isOpen({ name, device }: LuksConfig, about: Subject, draft: StorageDraft): boolean {
  const mapping = draft.device(mapperPath(name));
  if (mapping === undefined) return false;
  const below = draft.device(device)?.path;
  if (below !== undefined && mapping.mappedFrom !== below) {
    const why = `${mapping.path} is there, on ${mapping.mappedFrom ?? 'another device'}`;
    draft.refuse(about, why, 'choose another name');
  }
  return true;
}

function planOnDevice(volume: LuksConfig, limits: FetchConfig, about: Subject, draft: StorageDraft): void {
  const { name, device: source, overwrite } = volume;
  const device = draft.device(source);
  if (device === undefined) {
    draft.missing(about, source);
    return;
  }
  const key = draft.observed.keys.get(name) ?? 'none';
  const isThere = isVolume(device.signature, volume);
  const mayDestroy = draft.mayDestroy(source, device);
  if (isThere && (key === 'declared' || (key === 'other' && !(overwrite && mayDestroy)))) {
    if (key === 'other') {
      const hint = 'change it by hand (cryptsetup luksChangeKey), or declare the one before';
      draft.refuse(about, `${source} has another key than the declared one, and is opened with that`, hint);
    }
    open(volume, { after: [], isKept: true }, about, draft);
    return;
  }
  const hasKey = volume.key.kind !== 'random' || key !== 'none';
  if (isThere && !hasKey && !overwrite) {
    const held = describeSignature(device.signature) ?? '';
    draft.refuse(about, `${source} holds ${held}, whose key this host does not have`, 'give its key');
    return;
  }
  const isTried = isThere && hasKey;
  if (isTried || draft.mayReplace(source, device, overwrite, about, mayDestroy)) {
    encrypt(volume, { maker: undefined, mayDestroy, limits }, about, draft);
  }
}

interface Terms {
  /** What makes the device that is encrypted. */
  readonly maker: Maker | undefined;
  readonly mayDestroy: boolean;
  readonly limits: FetchConfig;
}

function encrypt(volume: LuksConfig, { maker, mayDestroy, limits }: Terms, about: Subject, draft: StorageDraft): void {
  const { name, device, label, uuid, options, overwrite } = volume;
  const keyId = `have-key:${name}`;
  const [action, phase] = keyAction(volume, limits);
  draft.add(action, { ...about, id: keyId, phase, summary: `have a key for ${mapperPath(name)}` });
  const id = `encrypt-device:${name}`;
  const request = {
    ...{ name, options, hasRandomKey: volume.key.kind === 'random' },
    ...(label === undefined ? {} : { label }),
    ...(uuid === undefined ? {} : { uuid }),
  };
  draft.add(
    { kind: 'encrypt-device', device, request, overwrite, mayDestroy },
    { ...about, id, after: [...(maker === undefined ? [] : [maker.id]), keyId], summary: `encrypt ${device} (LUKS2)` },
  );
  open(volume, { after: [id], isKept: !mayDestroy }, about, draft);
}

/** What puts the declared key where it is until it has opened the device. */
function keyAction({ name, key }: LuksConfig, limits: FetchConfig): [HostAction, 'early' | 'online'] {
  const path = candidatePath(name);
  switch (key.kind) {
    case 'given': {
      const ownership = { mode: 0o600, uid: 0, gid: 0 };
      return [{ kind: 'write-file', path, contentBase64: key.contentBase64, ownership }, 'early'];
    }
    case 'remote':
      return [{ kind: 'fetch-content', content: key.remote, path, limits }, 'online'];
    case 'random':
      return [{ kind: 'make-key', path, kept: keptPath(name) }, 'early'];
  }
}

function open(
  { name, device, discard, openOptions }: LuksConfig,
  { after, isKept }: { readonly after: readonly string[]; readonly isKept: boolean },
  about: Subject,
  draft: StorageDraft,
): void {
  const id = `open-luks:${name}`;
  draft.makes(mapperPath(name), { id, isKept });
  const mapping = { name, keyPath: keptPath(name), discard, options: openOptions };
  draft.add(
    { kind: 'open-luks', device, mapping },
    { ...about, id, after, summary: `open ${device} as ${mapperPath(name)}` },
  );
}
