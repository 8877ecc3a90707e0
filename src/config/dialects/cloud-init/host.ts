import { honoured } from '../../key-table.ts';
import { record } from '../../record-shape.ts';
import { convert, either, type Located, list, located, mapOf, textLike, truth, truthOr, word } from '../../shape.ts';
import { certificate, hostName, ipAddress, timeZone } from '../../value-shapes.ts';
import type { CloudInitDraft, ResolvConf } from './draft.ts';
import { keyboardRow } from './keyboard.ts';

const timeShape = record({
  enabled: truth,
  servers: located(list(word)),
  pools: located(list(word)),
  peers: { ignored: 'Berth does not peer with other clocks', hint: 'name them under "servers"' },
  allow: { ignored: 'Berth does not serve time to other hosts yet' },
  ntp_client: { ignored: 'the client is the system container "ntp"' },
  config: { ignored: 'the client is the system container "ntp"', hint: 'adjust it under berth.services.ntp' },
});

const resolvShape = convert(
  record({
    nameservers: list(ipAddress),
    searchdomains: list(hostName),
    domain: hostName,
    options: mapOf(word),
    sortlist: { ignored: 'Docker cannot hand it to containers' },
  }),
  ({ nameservers, searchdomains, domain, options }): ResolvConf => ({
    servers: nameservers ?? [],
    search: [...(domain === undefined ? [] : [domain]), ...(searchdomains ?? [])],
    // cloud-init: an option whose value is true stands alone, others as name:value.
    options: Object.entries(options ?? {})
      .filter(([, value]) => value !== 'false')
      .map(([name, value]) => (value === 'true' ? name : `${name}:${value}`)),
  }),
);

const certificatesShape = record(
  {
    trusted: list(certificate),
    remove_defaults: { ignored: "the image's own certificates stay: image pulls need them" },
  },
  { aliases: { 'remove-defaults': 'remove_defaults' } },
);

const certificateRow = (key: string) =>
  honoured<CloudInitDraft, { trusted?: string[] }>({
    key,
    meaning: 'certificates that the host, the engines and the updater trust besides their own',
    shape: certificatesShape,
    apply({ trusted = [] }, { host }, place) {
      host.config.connectivity.caCertificates.push(...trusted);
      host.name(['berth', 'ca_certificates'], place.child('trusted'));
    },
  });

/** Names, clock, resolver and certificates of the host. */
export const hostRows = [
  honoured<CloudInitDraft, Located<string>>({
    key: 'hostname',
    meaning: 'the host name; one with dots is the FQDN as well',
    shape: located(hostName),
    apply(value, draft) {
      draft.hostname = value;
    },
  }),
  honoured<CloudInitDraft, Located<string>>({
    key: 'fqdn',
    meaning: 'the full domain name; its first part is the host name unless `hostname` is given',
    shape: located(hostName),
    apply(value, draft) {
      draft.fqdn = value;
    },
  }),
  honoured<CloudInitDraft, Located<boolean>>({
    key: 'prefer_fqdn_over_hostname',
    meaning: 'true: the host name is the FQDN',
    shape: located(truth),
    apply(value, draft) {
      draft.preferFqdn = value;
    },
  }),
  honoured<CloudInitDraft, Located<boolean>>({
    key: 'preserve_hostname',
    meaning: 'true: the host name is left alone, and `hostname` and `fqdn` are not applied',
    shape: located(truth),
    apply(value, draft) {
      draft.preserveHostname = value;
    },
  }),
  honoured<CloudInitDraft, Located<boolean | string>>({
    key: 'manage_etc_hosts',
    meaning:
      "`false`: /etc/hosts stays as the image has it; else (the default) it has the host's own names besides `localhost`",
    shape: located(truthOr(['localhost', 'template'])),
    apply({ value, place }, { host }) {
      if (value === 'template')
        place.warn('unsupported', 'Berth has no template of /etc/hosts', 'write it with "write_files"');
      host.config.manageHosts = value !== false;
      host.name(['manage_etc_hosts'], place);
    },
  }),
  honoured<CloudInitDraft, Located<boolean | string>>({
    key: 'locale',
    meaning: "the host's LANG, if the image has that locale (it has `C.UTF-8`); services set their own",
    shape: located(either(truth, textLike(/^[A-Za-z][\w.@-]*$/, 'the name of a locale, such as C.UTF-8'))),
    apply({ value, place }, { host }) {
      if (typeof value !== 'string') {
        if (value)
          place.error('invalid-value', 'expected the name of a locale; only "false" is meant by a truth value');
        return;
      }
      host.config.locale = value;
      host.name(['locale'], place);
    },
  }),
  keyboardRow,
  honoured<CloudInitDraft, Located<string>>({
    key: 'timezone',
    meaning: 'the time zone',
    shape: located(timeZone),
    apply({ value, place }, { host }) {
      host.config.time.zone = value;
      host.name(['timezone'], place);
    },
  }),
  honoured<CloudInitDraft, Located<NonNullable<ReturnType<typeof timeShape.read>>>>({
    key: 'ntp',
    meaning:
      'time servers and pools of the system container `ntp`, which is enabled by this key unless `enabled` is false',
    shape: located(timeShape),
    apply({ value, place }, { host }) {
      const { enabled = true, servers, pools } = value;
      if (!enabled) {
        for (const unused of [servers, pools])
          unused?.place.warn('no-effect', 'is not used, because ntp.enabled is false', undefined, 'key');
        return;
      }
      host.config.time.servers.push(...(servers?.value ?? []));
      host.config.time.pools.push(...(pools?.value ?? []));
      host.enable('ntp', place);
    },
  }),
  certificateRow('ca_certs'),
  certificateRow('ca-certs'),
  honoured<CloudInitDraft, Located<boolean>>({
    key: 'manage_resolv_conf',
    meaning: 'true: `resolv_conf` is applied',
    shape: located(truth),
    apply(value, draft) {
      draft.manageResolvConf = value;
    },
  }),
  honoured<CloudInitDraft, Located<ResolvConf>>({
    key: 'resolv_conf',
    meaning: 'name servers, search domains and resolver options of the host, the engines and their containers',
    shape: located(resolvShape),
    apply(value, draft) {
      draft.resolvConf = value;
    },
  }),
];
