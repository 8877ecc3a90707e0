import type { Datasource } from './datasource.ts';
import type { HostFacts } from './host-facts.ts';
import { parseNoCloud } from './nocloud.ts';

/** Items of QEMU's `-fw_cfg name=NAME,file=…`, by the document they are. The first that is there counts. */
const items: Readonly<Record<string, readonly string[]>> = {
  // The second is where Ignition's users put theirs.
  'user-data': ['opt/io.berth/config', 'opt/com.coreos/config'],
  'meta-data': ['opt/io.berth/meta-data'],
  'vendor-data': ['opt/io.berth/vendor-data'],
  'network-config': ['opt/io.berth/network-config'],
};

/** Where the kernel shows them (module qemu_fw_cfg). */
export const fwCfgDirectory = '/sys/firmware/qemu_fw_cfg/by_name';

/** A config handed over by QEMU's fw_cfg. */
export const fwCfg: Datasource = {
  id: 'fw-cfg',
  title: 'QEMU fw_cfg (opt/io.berth/config)',
  matches: (facts) => itemOf(facts, 'user-data') !== undefined,
  origin: (facts) => `fw_cfg ${itemOf(facts, 'user-data') ?? ''}`,
  async fetch(facts, { files }) {
    const documents = new Map<string, Uint8Array>();
    for (const document of Object.keys(items)) {
      const item = itemOf(facts, document);
      const bytes = item === undefined ? undefined : await files.read(`${fwCfgDirectory}/${item}/raw`);
      if (bytes !== undefined) documents.set(document, bytes);
    }
    return documents;
  },
  parse: (documents, facts) => parseNoCloud(documents, facts),
};

function itemOf({ fwCfg: present }: HostFacts, document: string): string | undefined {
  return items[document]?.find((name) => present.includes(name));
}
