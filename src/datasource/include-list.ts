export interface Include {
  readonly url: string;
  /** True: what was got is kept for the life of the instance. */
  readonly once: boolean;
  /** 1-based. */
  readonly line: number;
}

/**
 * The URLs of an `#include` or `#include-once` text, one a line; such a line, also with a URL of its own, holds for the ones
 * after it. Pure. Source: cloud-init's `user_data.py`, version 26.2.
 */
export function readIncludes(text: string): Include[] {
  let once = false;
  return text.split(/\r\n|\r|\n/).flatMap((line, index): Include[] => {
    let rest = line;
    const header = /^#include(-once)?/i.exec(line);
    if (header !== null) {
      once = header[1] !== undefined;
      rest = line.slice(header[0].length).trimStart();
    }
    const url = rest.trim();
    return rest.startsWith('#') || url === '' ? [] : [{ url, once, line: index + 1 }];
  });
}
