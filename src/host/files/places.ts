/** When something is written: what is in /etc before anything else, what is elsewhere once disks are mounted. */
export function stageOf(path: string): 'settings' | 'data' {
  return isBelow(path, '/etc') || isBelow(path, '/run') ? 'settings' : 'data';
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}
