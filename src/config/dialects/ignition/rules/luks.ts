import { parseGoUrl } from '../../../go/go-url.ts';
import { JsonFault, parseJson } from '../../../json/json-parser.ts';
import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';
import type { Clevis, Luks, Tang } from '../model.ts';
import { checkPath } from './paths.ts';
import { checkResource } from './resource.ts';

/** An encrypted device under 3.`minor`. */
export function checkLuks(luks: Luks, place: Place, minor: number): void {
  const { name = '', device = '', label = '', clevis = {}, keyFile = {} } = luks;
  if (name.includes('/')) place.child('name').error('invalid-value', 'the name has no "/" in it');
  // LUKS2 keeps 48 bytes with a zero at the end.
  if (Buffer.byteLength(label) > 47) place.child('label').error('invalid-value', 'a LUKS label has at most 47 bytes');
  if (device === '') place.child('device').error('missing-key', '"device" is missing');
  else checkPath(device, place.child('device'));
  checkResource(keyFile, place.child('keyFile'), minor);
  checkClevis(clevis, place.child('clevis'), minor);
  if (luks.cex?.enabled === true) {
    if (isUsed(clevis)) place.child('cex').error('conflict', '"cex" and "clevis" exclude each other');
    if ((keyFile.source ?? '') !== '') place.child('cex').error('conflict', '"cex" and "keyFile" exclude each other');
  }
}

function isUsed({ custom, tang = [], tpm2, threshold = 0 }: Clevis): boolean {
  return (custom?.pin ?? '') !== '' || tang.length > 0 || tpm2 === true || threshold !== 0;
}

function checkClevis(clevis: Clevis, place: Place, minor: number): void {
  const { custom, tang = [], tpm2, threshold = 0 } = clevis;
  const hasCustom = minor === 2 ? custom !== undefined : (custom?.pin ?? '') !== '';
  if (hasCustom && (tang.length > 0 || tpm2 === true || threshold !== 0)) {
    place.error('conflict', '"custom" excludes "tang", "tpm2" and "threshold"');
  }
  if (custom !== undefined) checkCustom(custom, place.child('custom'), minor);
  for (const [index, server] of tang.entries()) checkTang(server, place.child('tang').child(index));
}

const pins = ['tpm2', 'tang', 'sss'];

function checkCustom(custom: NonNullable<Clevis['custom']>, place: Place, minor: number): void {
  const { pin = '', config = '', needsNetwork } = custom;
  if (pin === '' && config === '' && (minor === 2 || needsNetwork !== true)) return;
  if (pin === '') place.child('pin').error('missing-key', '"pin" is missing');
  else if (minor < 6 && !pins.includes(pin)) {
    const hint = `one of ${pins.join(', ')}; others from version 3.6.0 on`;
    place.child('pin').error('invalid-value', `${describeValue(pin)} is no known pin`, hint);
  }
  if (config === '') place.child('config').error('missing-key', '"config" is missing');
}

function checkTang({ url = '', thumbprint = '', advertisement = '' }: Tang, place: Place): void {
  if (!/^https?$/.test(parseGoUrl(url)?.scheme ?? '')) {
    place.child('url').error('invalid-value', `${describeValue(url)} is not an http or https URL`);
  }
  if (thumbprint === '') place.child('thumbprint').error('missing-key', '"thumbprint" is missing');
  if (advertisement !== '' && !isJson(advertisement)) {
    place.child('advertisement').error('invalid-value', 'the advertisement is not JSON');
  }
}

function isJson(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch (error) {
    if (error instanceof JsonFault) return false;
    throw error;
  }
}
