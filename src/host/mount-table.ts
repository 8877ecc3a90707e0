import type { MountEntry } from './ports.ts';

/** Reads /proc/self/mountinfo; format: proc_pid_mountinfo(5). Pure. */
export function parseMountTable(text: string): MountEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      // The fields before " - " vary in number.
      const [before = '', after = ''] = line.split(' - ', 2);
      const [, , , , target, options] = before.split(' ');
      const [type, source] = after.split(' ');
      if (target === undefined || options === undefined || type === undefined) return [];
      return [{ source: plain(source ?? ''), target: plain(target), type, options: options.split(',') }];
    });
}

/** Paths in /proc/swaps; format: proc_swaps(5). Pure. */
export function parseSwaps(text: string): string[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => plain(line.split(/\s+/, 1)[0] ?? ''))
    .filter((path) => path !== '');
}

/** Blanks and backslashes stand as octal numbers there. */
function plain(field: string): string {
  return field.replace(/\\(\d{3})/g, (_match, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
