import { honoured } from '../../key-table.ts';
import { record } from '../../record-shape.ts';
import { convert, either, list, located, mapOf, nothing, text } from '../../shape.ts';
import type { CloudInitDraft } from './draft.ts';

const service = 'syslog';
/** Where the system container `syslog` sends what it collects: `udp://HOST:PORT`, several with blanks between them. */
const variable = 'SYSLOG_FORWARD';

const ownFiles = { ignored: 'the system container "syslog" has files and a program of its own' };

/**
 * A line that sends everything to another host; undefined for any other. Pure.
 * Format: `[SELECTOR] [@|@@]HOST[:PORT] [# …]`, cc_rsyslog's parse_remotes_line and rsyslog.conf(5), "Remote machine".
 */
export function logTarget(line: string): string | undefined {
  const words = line.replace(/#.*/, '').trim().split(/\s+/);
  const [address = '', selector = '*.*'] = words.toReversed();
  const [, at, bracketed, name = bracketed, port = '514'] =
    /^(@{0,2})(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(address) ?? [];
  if (words.length > 2 || !['*.*', '*'].includes(selector) || name === undefined || Number(port) > 65_535)
    return undefined;
  return `${at === '@@' ? 'tcp' : 'udp'}://${bracketed === undefined ? name : `[${bracketed}]`}:${port}`;
}

const whatIsSent = '"syslog" sends all that it collects, by lines such as *.* @@HOST:PORT';

const target = convert(either(text, nothing), (line, place): string[] => {
  if (line === null) return [];
  const found = logTarget(line);
  if (found !== undefined) return [found];
  place.warn(
    'unsupported',
    `is not carried over: ${whatIsSent}`,
    `write berth.services.syslog.environment.${variable}`,
  );
  return [];
});

/** A piece of rsyslog's configuration, of which only lines that send everything elsewhere mean something here. */
const settings = convert(located(text), ({ value, place }): string[] =>
  value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      // Without an @ it is a file, or another setting.
      const found = /@/.test(line) ? logTarget(line) : undefined;
      if (found === undefined)
        place.warn(
          'unsupported',
          `"${line}" is not carried over: ${whatIsSent}`,
          'run a syslog server of your own under berth.services',
        );
      return found ?? [];
    }),
);

const shape = record({
  remotes: mapOf(target),
  configs: list(
    either(
      settings,
      convert(record({ content: settings, filename: ownFiles }), ({ content }) => content ?? []),
    ),
  ),
  config_dir: ownFiles,
  config_filename: ownFiles,
  service_reload_command: ownFiles,
  install_rsyslog: ownFiles,
  check_exe: ownFiles,
  packages: ownFiles,
});

/** Where logs are sent. */
export const rsyslogRows = [
  honoured({
    key: 'rsyslog',
    meaning:
      '`remotes`, and the lines of `configs` that send everything to another host: the system container `syslog` is enabled, and sends what it collects there',
    shape,
    apply({ remotes = {}, configs = [] }, draft: CloudInitDraft, place) {
      const targets = [...Object.values(remotes), ...configs].flat();
      if (targets.length === 0) return;
      draft.host.enable(service, place);
      draft.logTargets = { value: [...new Set(targets)], place };
    },
  }),
];

/** Once the block `berth` is known: what that says about the service goes before. */
export function takeLogTargets({ host, logTargets }: CloudInitDraft): void {
  if (logTargets === undefined) return;
  const { value, place } = logTargets;
  const { services } = host.config.compose;
  const own = services[service];
  if (own?.environment?.[variable] !== undefined) {
    const other = `berth.services.${service}.environment.${variable}`;
    place.warn('no-effect', `its targets are not used: ${other} names others`);
    return;
  }
  if (own === undefined) host.name(['berth', 'services', service], place);
  services[service] = { ...own, environment: { ...own?.environment, [variable]: value.join(' ') } };
}
