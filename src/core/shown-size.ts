/** `12.3 MB`; what is too little for that, `4.2 kB` or `17 B`: decimal units. Pure. */
export function shownSize(bytes: number): string {
  if (bytes >= 1e5) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`;
}
