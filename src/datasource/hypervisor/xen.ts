import type { Diagnostic } from '../../core/diagnostic.ts';
import type { Datasource } from '../datasource.ts';
import { guestDocument, guestValue, parseGuestSeed } from './guest-seed.ts';
import { xenNames, xenPrefix } from './guest-value-names.ts';

const names = xenNames.map((name) => `${xenPrefix}${name}`);

/** Xen's store: values below `vm-data`, which a VM's owner sets for it (XCP-ng, XenServer: `xenstore-data`). */
export const xen: Datasource = {
  id: 'xen',
  title: 'Xen store (vm-data)',
  matches: ({ guestValues }) => names.some((name) => guestValues.includes(name)),
  origin: ({ guestValues }) => `xenstore ${names.find((name) => guestValues.includes(name)) ?? `${xenPrefix}userdata`}`,
  async fetch({ guestValues }, { guest }, signal) {
    const documents = new Map<string, Uint8Array>();
    for (const name of names.filter((value) => guestValues.includes(value))) {
      const document = name.slice(xenPrefix.length).replace('/', '.');
      documents.set(document, await guestDocument(guest, name, signal));
    }
    return documents;
  },
  parse(found) {
    const diagnostics: Diagnostic[] = [];
    return parseGuestSeed(found, guestValue(found, 'userdata', diagnostics), {}, diagnostics);
  },
};
