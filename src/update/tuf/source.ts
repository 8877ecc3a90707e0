/** Where the files of a repository come from. */
export interface Source {
  /** For a person: the URL or the directory. */
  readonly location: string;
  /**
   * Reads a file with at most `maxBytes`; each part of its path is one name, whatever characters it has. Undefined when there
   * is no such file. Throws RELEASE_UNREACHABLE, and RELEASE_REFUSED when it is longer.
   */
  read(path: readonly string[], maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
}

/** Names that would lead elsewhere: no repository has such a file. Pure. */
export function leadsElsewhere(path: readonly string[]): boolean {
  return path.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'));
}

/** The address of a repository's file. `path` must not lead elsewhere. Pure. */
export function urlBelow(location: string, path: readonly string[]): string {
  return [location, ...path.map(encodeName)].join('/');
}

/** A name as one part of a URL or of a file system's path: everything is encoded that RFC 3986 reserves. Pure. */
export function encodeName(name: string): string {
  return encodeURIComponent(name).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
