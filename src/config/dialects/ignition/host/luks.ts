import type { Draft } from '../../../host-draft.ts';
import type { Place } from '../../../place.ts';
import type { LuksKey } from '../../../storage-config.ts';
import { mapperNamePattern } from '../../../value-shapes.ts';
import { contentsOf } from '../contents.ts';
import type { Clevis, Luks } from '../model.ts';
import type { HostContext } from './context.ts';

/** An encrypted device. One that cannot be as declared is refused, so that nothing of it is left in clear text. */
export function takeLuks(luks: Luks, place: Place, context: HostContext): void {
  const isRefusedWhole = isRefused(luks, place, context);
  const key = isRefusedWhole ? undefined : keyOf(luks, place, context);
  if (key === undefined) {
    // What is wrong with the key alone is told at it.
    const rest = isRefusedWhole ? luks : { ...luks, keyFile: undefined };
    context.passOver(rest, place, 'the encrypted device is refused');
    return;
  }
  const { name = '', device = '', label = '', uuid = '', options = [], openOptions = [] } = luks;
  (context.host.config.storage.luks ??= []).push({
    ...{ name, device, key, options: [...options], openOptions: [...openOptions] },
    discard: luks.discard === true,
    overwrite: luks.wipeVolume === true,
    ...(label === '' ? {} : { label }),
    ...(uuid === '' ? {} : { uuid: uuid.toLowerCase() }),
  });
  context.host.name(['berth', 'luks', name], place);
  context.passOver(luks.clevis, place.child('clevis'), 'no pin is given');
  context.passOver(luks.cex, place.child('cex'), 'it is not enabled');
}

const instead = 'give "keyFile", or leave this out: then the host makes a key, and keeps it on its own disk';

function isRefused({ name = '', clevis = {}, cex }: Luks, place: Place, { refuse }: HostContext): boolean {
  const reason = whyNoPin(clevis);
  if (reason !== undefined) refuse(place.child('clevis').child(reason.pin), reason.why, instead);
  const wantsCard = cex?.enabled === true;
  if (wantsCard) refuse(place.child('cex').child('enabled'), 'Berth uses no Crypto Express adapters', instead);
  const fits = mapperNamePattern.test(name);
  if (!fits) {
    const why = 'device-mapper would call it by another name, so nothing would find it';
    refuse(place.child('name'), why, 'use letters, digits and any of "_-.:=@+#"');
  }
  return reason !== undefined || wantsCard || !fits;
}

function whyNoPin({ custom, tang = [], tpm2, threshold = 0 }: Clevis): { pin: string; why: string } | undefined {
  if ((custom?.pin ?? '') !== '') return { pin: 'custom', why: 'Berth binds no keys with Clevis' };
  if (tang.length > 0) return { pin: 'tang', why: 'Berth asks no Tang server for keys' };
  if (tpm2 === true) return { pin: 'tpm2', why: 'Berth seals no keys to a TPM' };
  return threshold > 0 ? { pin: 'threshold', why: 'Berth binds no keys with Clevis' } : undefined;
}

function keyOf({ keyFile = {} }: Luks, place: Place, context: HostContext): Draft<LuksKey> | undefined {
  const at = context.at(keyFile, place.child('keyFile'));
  if ((keyFile.source ?? '') === '') {
    context.passOver(keyFile, at, 'there is no source, so the host makes a key');
    return { kind: 'random' };
  }
  const contents = contentsOf(keyFile, at, context.refuse);
  if (contents === undefined) return undefined;
  if (contents.kind === 'remote') {
    return { kind: 'remote', remote: { ...contents.remote, headers: [...contents.remote.headers] } };
  }
  if (contents.bytes.length === 0) {
    context.refuse(at.child('source'), 'an empty key opens nothing', 'leave "keyFile" out for a random one');
    return undefined;
  }
  return { kind: 'given', contentBase64: contents.bytes.toString('base64') };
}
