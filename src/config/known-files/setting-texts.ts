/** `net.ipv4.ip_forward`, with dots between its parts. */
export interface KernelSetting {
  readonly name: string;
  readonly value: string;
}

/** The settings in a file's text, and the lines that are none: `NAME = VALUE`, or `-NAME = VALUE` for one that may be missing; sysctl.d(5). Pure. */
export function sysctlSettings(text: string): { settings: KernelSetting[]; others: string[] } {
  const settings: KernelSetting[] = [];
  const others: string[] = [];
  for (const line of linesOf(text)) {
    const [, name, value] = /^-?([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) others.push(line);
    else settings.push({ name: dotted(name), value });
  }
  return { settings, others };
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
