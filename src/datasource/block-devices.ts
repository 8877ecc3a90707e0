import type { BlockDevice } from './host-facts.ts';

/** Reads `blkid -o export`: lines KEY=VALUE, an empty line between devices, odd characters behind a backslash. Pure. */
export function parseBlockDevices(output: string): BlockDevice[] {
  return output.split(/\n\s*\n/).flatMap((block) => {
    const values = new Map<string, string>();
    for (const line of block.split('\n')) {
      const equals = line.indexOf('=');
      if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1).replace(/\\(.)/g, '$1'));
    }
    const path = values.get('DEVNAME');
    if (path === undefined) return [];
    const type = values.get('TYPE');
    // A FAT file system may have its label in the boot sector only.
    const label = values.get('LABEL') ?? values.get('LABEL_FATBOOT');
    return [{ path, ...(type === undefined ? {} : { type }), ...(label === undefined ? {} : { label }) }];
  });
}
