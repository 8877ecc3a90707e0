/** The mode that was meant where its octal digits were written in decimal (`644`); undefined when the mode is fine as it is. */
export function decimalMode(mode: number, isDirectory: boolean): number | undefined {
  const octal = /^[0-7]{1,4}$/.test(String(mode)) ? Number.parseInt(String(mode), 8) : undefined;
  return octal !== undefined && !isUsual(mode, isDirectory) && isUsual(octal, isDirectory) ? octal : undefined;
}

/** Permissions that make sense together: an owner has what a group has, a group what all have. */
function isUsual(mode: number, isDirectory: boolean): boolean {
  if (mode === 0) return true;
  let had = 0;
  for (const shift of [0, 3, 6]) {
    const bits = (mode >> shift) & 7;
    const mayRead = (bits & 4) !== 0;
    if ((had & ~bits) !== 0) return false;
    if ((bits & 1) !== 0 && (had & 5) === 4) return false;
    if ((bits & 3) !== 0 && !mayRead) return false;
    had |= bits;
  }
  if ((had & 4) === 0) return false;
  const mayExecute = (had & 1) !== 0;
  const special = mode & 0o7000;
  if (isDirectory) {
    return mayExecute && (special & 0o4000) === 0 && ((special & 0o3000) === 0 || (had & 2) !== 0);
  }
  if ((special & 0o6000) !== 0 && (!mayExecute || (mode & 2) !== 0)) return false;
  return (special & 0o1000) === 0;
}
