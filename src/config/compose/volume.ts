import { BerthError } from '../../core/errors.ts';
import type { VolumeMount } from './types.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The short form of a mount, `[SOURCE:]TARGET[:OPTIONS]`. A source that starts like a path makes a bind mount, whose
 * source is created when missing; any other a named volume. Colons inside `${…}` and behind a Windows drive letter do
 * not separate; unknown options are ignored. Source: Compose specification, 05-services.md, "Volumes".
 * @throws BerthError CONFIG_INVALID for an empty section or too many of them.
 */
export function parseVolumeShort(spec: string): VolumeMount {
  if (spec === '') throw invalid(spec, 'it is empty');
  // Too short for two sections: a target, whatever it is.
  if (spec.length <= 2) return { type: 'volume', target: spec };
  const sections = splitSections(spec);
  if (sections.includes('')) throw invalid(spec, 'empty section between colons');
  if (sections.length > 3) throw invalid(spec, 'too many colons');
  const [first = '', second, options = ''] = sections;
  if (second === undefined) return { type: 'volume', target: first, volume: {} };
  return mountOf(first, second, options === '' ? [] : options.split(','));
}

function mountOf(source: string, target: string, options: readonly string[]): VolumeMount {
  const isBind = isPath(source);
  const bind: Mutable<NonNullable<VolumeMount['bind']>> = {};
  const volume: Mutable<NonNullable<VolumeMount['volume']>> = {};
  let readOnly = false;
  for (const option of options) {
    if (option === 'ro') readOnly = true;
    else if (option === 'rw') readOnly = false;
    else if (option === 'nocopy') volume.nocopy = true;
    else if (propagations.has(option)) bind.propagation = option;
    else if (option === 'z' || option === 'Z') bind.selinux = option;
  }
  const common = { source, target, ...(readOnly ? { read_only: true } : {}) };
  const extraBind = Object.keys(bind).length > 0 ? { bind } : {};
  const extraVolume = Object.keys(volume).length > 0 ? { volume } : {};
  return isBind
    ? { type: 'bind', ...common, bind: { ...bind, create_host_path: true }, ...extraVolume }
    : { type: 'volume', ...common, ...extraBind, volume };
}

/** Mount propagation modes of mount(8). */
export const propagations: ReadonlySet<string> = new Set([
  'private',
  'rprivate',
  'shared',
  'rshared',
  'slave',
  'rslave',
]);

function splitSections(spec: string): string[] {
  const sections: string[] = [];
  let section = '';
  let depth = 0;
  for (let index = 0; index < spec.length; index += 1) {
    const char = spec.charAt(index);
    if (char === '$' && spec[index + 1] === '{') depth += 1;
    if (char === '}' && depth > 0) depth -= 1;
    const isDrive = char === ':' && /^\p{L}$/u.test(section);
    if (char === ':' && depth === 0 && !isDrive) {
      sections.push(section);
      section = '';
    } else section += char;
  }
  return [...sections, section];
}

/** Relative, absolute and home paths, Windows pipes and drives. */
function isPath(source: string): boolean {
  return /^[./~]/.test(source) || source.startsWith('\\\\') || /^\p{L}:/u.test(source);
}

function invalid(spec: string, reason: string): BerthError {
  return new BerthError('CONFIG_INVALID', `invalid mount ${JSON.stringify(spec)}: ${reason}`, {
    hint: 'write "name:/path" for a volume, "/host/path:/path" for a bind mount, with ":ro" behind it for read-only',
  });
}
