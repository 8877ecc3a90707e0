/** Where Debian's packages come from on this machine. */
export interface DebianMirror {
  readonly archive: string;
  /** Absent: the machine knows no security archive. */
  readonly security?: string;
}

interface Source {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
}

const debianSuite = /^(?:bullseye|bookworm|trixie|forky|sid|oldstable|stable|testing|unstable)$/;
const debianSecuritySuite = /^(?:bullseye|bookworm|trixie|forky|oldstable|stable|testing)(?:-security|\/updates)$/;

/**
 * Finds the Debian mirror among the texts of a machine's apt sources. Pure.
 * Third parties publish suites named `bookworm` too, so an address that ends in `/debian` (or a mirror list of that
 * name, as Debian's cloud images have) goes before any other. Format: sources.list(5).
 * @returns undefined when no source is Debian's: the machine runs another distribution.
 */
export function findDebianMirror(texts: readonly string[]): DebianMirror | undefined {
  const sources = texts.flatMap((text) => (/^\s*Types:/m.test(text) ? deb822Sources(text) : oneLineSources(text)));
  const inMain = sources.filter((source) => source.components.includes('main'));
  const archive = best(
    inMain.filter((source) => debianSuite.test(source.suite)),
    /\/debian(?:\.list)?\/?$/,
  );
  if (archive === undefined) return undefined;
  const security = best(
    inMain.filter((source) => debianSecuritySuite.test(source.suite)),
    /\/debian-security(?:\.list)?\/?$/,
  );
  return { archive, ...(security === undefined ? {} : { security }) };
}

function best(sources: readonly Source[], preferred: RegExp): string | undefined {
  return (sources.find((source) => preferred.test(source.uri)) ?? sources[0])?.uri;
}

function oneLineSources(text: string): Source[] {
  const sources: Source[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    if (match === null) continue;
    const [, uri = '', suite = '', components = ''] = match;
    sources.push({ uri, suite, components: components.trim().split(/\s+/) });
  }
  return sources;
}

function deb822Sources(text: string): Source[] {
  const sources: Source[] = [];
  for (const stanza of text.split(/\n\s*\n/)) {
    const words = stanzaFields(stanza);
    if (words('Enabled')[0] === 'no' || !words('Types').includes('deb')) continue;
    for (const uri of words('URIs')) {
      for (const suite of words('Suites')) sources.push({ uri, suite, components: words('Components') });
    }
  }
  return sources;
}

function stanzaFields(stanza: string): (name: string) => string[] {
  const fields = new Map<string, string>();
  let last = '';
  for (const line of stanza.split('\n').filter((text) => !text.startsWith('#'))) {
    const match = /^([\w-]+):(.*)$/.exec(line);
    if (match === null) fields.set(last, `${fields.get(last) ?? ''} ${line}`);
    else {
      last = (match[1] ?? '').toLowerCase();
      fields.set(last, match[2] ?? '');
    }
  }
  return (name) => (fields.get(name.toLowerCase()) ?? '').trim().split(/\s+/).filter(Boolean);
}
