import { posix } from 'node:path';

/**
 * The kernel modules to load for `wanted`, each after those it depends on, as paths of modules.dep(5); and those that the
 * kernel does not have as modules (built in, or not there at all). Pure.
 */
export function moduleOrder(dependencies: string, wanted: readonly string[]): { order: string[]; missing: string[] } {
  const needs = new Map<string, readonly string[]>();
  const paths = new Map<string, string>();
  for (const line of dependencies.split('\n')) {
    const [path = '', rest = ''] = line.split(': ').length > 1 ? line.split(': ') : line.split(':');
    if (path === '') continue;
    needs.set(path, rest.split(' ').filter(Boolean));
    paths.set(moduleName(path), path);
  }
  const order = new Set<string>();
  const visit = (path: string): void => {
    if (order.has(path)) return;
    // modules.dep lists the nearest dependency first: the last one must be loaded first.
    for (const dependency of [...(needs.get(path) ?? [])].reverse()) visit(dependency);
    order.add(path);
  };
  const missing: string[] = [];
  for (const name of wanted) {
    const path = paths.get(moduleName(name));
    if (path === undefined) missing.push(name);
    else visit(path);
  }
  return { order: [...order], missing };
}

/** `kernel/drivers/block/xen-blkfront.ko.xz` → `xen_blkfront`: the kernel takes both spellings. */
function moduleName(path: string): string {
  return posix
    .basename(path)
    .replace(/\.ko(\.(xz|zst|gz))?$/, '')
    .replaceAll('-', '_');
}
