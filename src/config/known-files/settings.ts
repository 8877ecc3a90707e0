import { compareText } from '../../core/compare-text.ts';
import { formatPath } from '../../core/diagnostic.ts';
import type { HostDraft } from '../host-draft.ts';
import type { Place } from '../place.ts';
import { describeValue } from '../shape.ts';
import { hostName, moduleName, sysctlName } from '../value-shapes.ts';
import { declaredText } from './declared-text.ts';
import { type KernelSetting, moduleNames, sysctlSettings } from './setting-texts.ts';

const hostnamePath = '/etc/hostname';
const sysctlPaths = /^\/etc\/sysctl(\.d\/[^/]+)?\.conf$/;
const modulePaths = /^\/etc\/modules(-load\.d\/[^/]+\.conf)?$/;

/**
 * Takes what declared files say to programs that read them at every boot of other systems, systemd-sysctl(8),
 * systemd-modules-load(8) and systemd-hostnamed(8): the settings are the host's own, and what the config says by a key goes
 * before them.
 */
export function takeSettingsFiles(host: HostDraft): void {
  const own = new Set(Object.keys(host.config.sysctl));
  for (const { path, text, place } of settingsFiles(host)) {
    if (text === undefined) {
      place.warn(
        'unsupported',
        `what ${path} says is not applied: its content is on a server`,
        'put it into the config',
      );
      continue;
    }
    if (path === hostnamePath) takeHostname(text, host, place);
    else if (sysctlPaths.test(path)) takeSettings(text, host, own, place);
    else for (const name of moduleNames(text)) takeModule(name, host, place);
  }
}

interface SettingsFile {
  readonly path: string;
  /** undefined: it is not in the config. */
  readonly text: string | undefined;
  readonly place: Place;
}

/** In the order in which systemd-sysctl(8) reads them: by name, and /etc/sysctl.conf last. */
function settingsFiles({ config, named }: HostDraft): SettingsFile[] {
  const isSettings = ({ path }: { readonly path: string }): boolean =>
    path === hostnamePath || sysctlPaths.test(path) || modulePaths.test(path);
  const paths = [...new Set(config.files.filter(isSettings).map(({ path }) => path))];
  return paths
    .toSorted((a, b) => Number(a === '/etc/sysctl.conf') - Number(b === '/etc/sysctl.conf') || compareText(a, b))
    .flatMap((path) => {
      const place = named.get(formatPath(['write_files', path]));
      return place === undefined ? [] : [{ path, text: textOf(declaredText(config.files, path)), place }];
    });
}

function textOf(declared: ReturnType<typeof declaredText>): string | undefined {
  return declared === 'elsewhere' ? undefined : declared?.text;
}

function takeHostname(text: string, host: HostDraft, place: Place): void {
  const line = text
    .split('\n')
    .map((one) => one.trim())
    .find((one) => one !== '' && !one.startsWith('#'));
  if (line === undefined || host.config.hostname !== undefined) return;
  const name = hostName.read(line, asWarning(place, hostnamePath));
  if (name === undefined) return;
  host.config.hostname = name;
  host.name(['hostname'], place);
}

function takeSettings(text: string, host: HostDraft, own: ReadonlySet<string>, place: Place): void {
  const { settings, others } = sysctlSettings(text);
  for (const setting of settings) takeSysctl(setting, host, own, place);
  for (const line of others)
    place.warn(
      'invalid-value',
      `the line ${describeValue(line)} has no effect: it is no kernel setting`,
      'NAME = VALUE',
    );
}

function takeSysctl({ name, value }: KernelSetting, host: HostDraft, own: ReadonlySet<string>, place: Place): void {
  const known = own.has(name) ? undefined : sysctlName.read(name, asWarning(place, 'a kernel setting'));
  if (known === undefined) return;
  if (known.includes('*')) {
    place.warn('unsupported', `the setting ${known} has no effect: it stands for several`, 'name each of them');
    return;
  }
  host.config.sysctl[known] = value;
  host.name(['berth', 'sysctl', known], place);
}

function takeModule(name: string, host: HostDraft, place: Place): void {
  const known = moduleName.read(name, asWarning(place, 'a kernel module'));
  if (known === undefined || host.config.modules.includes(known)) return;
  host.config.modules.push(known);
  host.name(['berth', 'modules', known], place);
}

/** A file is written whatever it says. */
function asWarning(place: Place, what: string): Place {
  return place.via((problem) => ({
    ...problem,
    severity: 'warning',
    message: `${what} is not applied: ${problem.message}`,
  }));
}
