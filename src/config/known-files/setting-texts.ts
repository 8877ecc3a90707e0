/** `net.ipv4.ip_forward`, with dots between its parts. */
export interface KernelSetting {
  readonly name: string;
  readonly value: string;
}

/** The settings in a file's text: `NAME = VALUE`, or `-NAME = VALUE` for one that may be missing; sysctl.d(5). Pure. */
export function sysctlSettings(text: string): KernelSetting[] {
  return linesOf(text).flatMap((line) => {
    const [, name, value] = /^-?([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [{ name: dotted(name), value: value.trim() }];
  });
}

/** The first separator tells which of `.` and `/` separates; the other one is part of a name. */
function dotted(name: string): string {
  if (!/^[^./]*\//.test(name)) return name;
  return name.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/'));
}

/** The modules in a file's text, one a line; modules-load.d(5). Pure. */
export function moduleNames(text: string): string[] {
  return linesOf(text);
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[#;]/.test(line));
}
