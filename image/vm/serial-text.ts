/** Escape sequences that terminals obey (ECMA-48), and what else is not text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[@-Z\\-_=>c]|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g;

/** What a console shows as plain lines, for logs and error messages. Pure. */
export function plainLines(serial: string): string[] {
  return serial
    .replaceAll('\r\n', '\n')
    .replace(controls, '')
    .split('\n')
    .map((line) => line.trimEnd());
}

/** The last lines that hold anything. Pure. */
export function lastLines(serial: string, count: number): string {
  return plainLines(serial)
    .filter((line) => line !== '')
    .slice(-count)
    .join('\n');
}

/** The last line of a kernel that restarts the machine: kernel/reboot.c, and kernel/panic.c with `panic=`. */
const lastWords = /reboot: (Restarting system|machine restart)|Rebooting in \d+ seconds\.\./;

/** The last line of OVMF before the boot loader, which shows nothing itself: edk2, MdeModulePkg/Universal/BdsDxe. */
const firmwareWords = /^BdsDxe: (loading|starting) Boot[0-9A-F]{4} /;

/** Whether nothing was shown since the machine was switched on or restarted but what OVMF says before it starts the boot loader. Pure. */
export function isBeforeKernel(serial: string): boolean {
  const last = lastLines(serial, 1);
  return last === '' || lastWords.test(last) || firmwareWords.test(last);
}

/** What Berth told on the console: the texts of lines `berth: TEXT`. Pure. */
export function bootMessages(serial: string): string[] {
  return plainLines(serial).flatMap((line) => {
    const text = /^berth: (.+)$/.exec(line)?.[1];
    return text === undefined ? [] : [text];
  });
}
