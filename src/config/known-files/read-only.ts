/** Part of the verified image, or no files at all. */
const readOnly = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/proc', '/sys', '/dev'];

/** Why nothing can be written at a path of a running host, and what to do instead; undefined where it can. Pure. */
export function readOnlyReason(path: string): { readonly why: string; readonly hint: string } | undefined {
  if (!readOnly.some((part) => path.startsWith(`${part}/`))) return undefined;
  const why = `${path} cannot be written: that part of the system is read-only`;
  const isKernel = /^\/(proc|sys)\//.test(path);
  return { why, hint: isKernel ? 'kernel settings go under berth.sysctl' : 'write it below /etc, /var or /opt' };
}
