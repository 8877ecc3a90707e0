import { composeResourceSchema, composeServiceSchema } from '../compose/parse.ts';
import { honoured, type KeyRow } from '../key-table.ts';
import type { NetworkConfig } from '../network/network-config.ts';
import { networkShape } from '../network/network-shape.ts';
import { record } from '../record-shape.ts';
import {
  convert,
  either,
  type JsonSchema,
  type Located,
  list,
  located,
  mapOf,
  opaqueMap,
  text,
  truth,
  word,
  words,
} from '../shape.ts';
import {
  absolutePath,
  certificate,
  hostName,
  ipAddress,
  moduleName,
  passwordHash,
  sysctlName,
  unique,
  webUrl,
} from '../value-shapes.ts';
import { type BerthDraft, type ComposePart, composeParts } from './draft.ts';
import { engineRow } from './engines.ts';
import { kernelRow } from './kernel.ts';
import { luksRow } from './luks.ts';
import { raidRow } from './raid.ts';
import { updateRow } from './update.ts';

type Row = KeyRow<BerthDraft>;
const strict = { unknown: 'error' } as const;

const names = convert(list(located(text)), (items) => items);

const dnsShape = convert(
  either(list(ipAddress), record({ servers: list(ipAddress), search: list(hostName), options: list(word) }, strict)),
  (value) => (Array.isArray(value) ? { servers: value } : value),
);
const proxyShape = record({ http: webUrl, https: webUrl, no_proxy: words }, strict);
const registryShape = record({ username: text, password: text, mirrors: list(text), insecure: truth }, strict);

const meaningOfPart: Readonly<Record<ComposePart, string>> = {
  services: "your services, in Compose syntax; an entry with a catalogue service's name adjusts that one",
  networks: 'networks of the user engine, as in Compose',
  volumes: 'named volumes, as in Compose',
  secrets: 'secrets, as in Compose',
  configs: 'configs, as in Compose',
};

function composeRow(part: ComposePart): Row {
  return honoured<BerthDraft, Located<Record<string, unknown>>>({
    key: part,
    meaning: meaningOfPart[part],
    shape: located({ ...opaqueMap, schema: schemaOfPart(part) }),
    apply(value, draft) {
      draft.compose.set(part, value);
    },
  });
}

function schemaOfPart(part: ComposePart): JsonSchema {
  const entry = part === 'services' ? composeServiceSchema() : composeResourceSchema(part);
  return { type: 'object', additionalProperties: entry };
}

/** The keys of the `berth` block: what other languages have no word for. Unknown ones are errors. */
export const berthKeys: readonly Row[] = [
  honoured<BerthDraft, Located<string>[]>({
    key: 'enable',
    meaning: 'names of services to run: of the catalogue, or your own that have profiles',
    shape: names,
    apply(services, draft) {
      draft.enable.push(...services);
    },
  }),
  honoured<BerthDraft, Record<string, string>>({
    key: 'environment',
    meaning: 'variables for `${NAME}` in the Compose parts',
    shape: mapOf(word),
    apply(variables, draft) {
      draft.environment = variables;
    },
  }),
  ...composeParts.map(composeRow),
  honoured<BerthDraft, Record<string, string>>({
    key: 'sysctl',
    meaning: 'kernel settings, by name',
    shape: mapOf(word, (name, place) => sysctlName.read(name, place) !== undefined),
    apply(settings, { host }) {
      Object.assign(host.config.sysctl, settings);
    },
  }),
  honoured<BerthDraft, Located<string[]>>({
    key: 'modules',
    meaning: 'kernel modules to load',
    shape: located(list(moduleName)),
    apply({ value, place }, { host }) {
      host.config.modules = unique(value, place);
      for (const [index, name] of value.entries()) host.name(['berth', 'modules', name], place.child(index));
    },
  }),
  kernelRow,
  honoured<BerthDraft, Located<NetworkConfig>>({
    key: 'network',
    meaning:
      "the host's network devices, as in cloud-init's network-config: netplan version 2 (`ethernets`, `bonds`, `vlans`, `bridges`) or version 1",
    shape: located(networkShape),
    apply({ value, place }, { host }) {
      Object.assign(host.config, { network: structuredClone(value) });
      host.name(['network'], place);
      for (const part of Object.keys(value)) host.name(['network', part], place.child(part));
    },
  }),
  honoured<BerthDraft, NonNullable<ReturnType<typeof dnsShape.read>>>({
    key: 'dns',
    meaning: 'name servers, search domains and resolver options of the host, the engines and their containers',
    shape: dnsShape,
    apply(
      { servers = [], search = [], options = [] }: { servers?: string[]; search?: string[]; options?: string[] },
      { host },
    ) {
      const { dns } = host.config.connectivity;
      dns.servers.push(...servers);
      dns.search.push(...search);
      dns.options.push(...options);
    },
  }),
  honoured<BerthDraft, NonNullable<ReturnType<typeof proxyShape.read>>>({
    key: 'proxy',
    meaning: 'HTTP proxies of the engines, the updater and every service',
    shape: proxyShape,
    apply({ http, https, no_proxy: noProxy = [] }, { host }) {
      host.config.connectivity.proxy = {
        ...(http === undefined ? {} : { http }),
        ...(https === undefined ? {} : { https }),
        noProxy,
      };
    },
  }),
  honoured<BerthDraft, string[]>({
    key: 'ca_certificates',
    meaning: 'PEM certificates that the host, the engines and the updater trust besides their own',
    shape: list(certificate),
    apply(certificates, { host }) {
      host.config.connectivity.caCertificates.push(...certificates);
    },
  }),
  honoured<BerthDraft, Located<Record<string, NonNullable<ReturnType<typeof registryShape.read>>>>>({
    key: 'registries',
    meaning: 'credentials and mirrors, by registry host',
    shape: located(mapOf(registryShape)),
    apply({ value: registries, place }, { host }) {
      for (const [name, { mirrors = [] }] of Object.entries(registries)) {
        if (name === 'docker.io' || mirrors.length === 0) continue;
        const message = `Docker uses mirrors for docker.io only; those of ${name} have no effect`;
        place.child(name).child('mirrors').warn('no-effect', message, 'name the mirror in the image references', 'key');
      }
      const entries = Object.entries(registries).map(([name, registry]) => {
        const { mirrors = [], insecure = false, ...credentials } = registry;
        return [name, { ...credentials, mirrors, insecure }] as const;
      });
      host.config.connectivity.registries = Object.fromEntries(entries);
    },
  }),
  raidRow,
  luksRow,
  honoured<BerthDraft, { password_hash?: string }>({
    key: 'console',
    meaning: '`password_hash`: the crypt(3) hash that opens the rescue shell on the console; without it there is none',
    shape: record({ password_hash: passwordHash }, strict),
    apply({ password_hash: hash }, { host }, place) {
      if (hash === undefined) return;
      host.config.console = { passwordHash: hash };
      host.name(['berth', 'console', 'password_hash'], place.child('password_hash'));
    },
  }),
  honoured<BerthDraft, { url?: string }>({
    key: 'report',
    meaning: '`url`: where diagnostics and the result of each boot are sent (HTTP POST, JSON)',
    shape: record({ url: webUrl }, strict),
    apply({ url }, { host }, place) {
      if (url === undefined) return;
      host.config.report = { url };
      host.name(['berth', 'report', 'url'], place.child('url'));
    },
  }),
  engineRow,
  honoured<BerthDraft, Located<string[]>>({
    key: 'image_archives',
    meaning:
      'files on this host as `docker save` writes them (`.tar`, `.tar.gz`), and directories of such files: an image that one of them holds is loaded from there, not pulled',
    shape: located(list(absolutePath)),
    apply({ value, place }, { host }) {
      host.config.imageArchives = unique(value, place);
    },
  }),
  updateRow,
];
