/** CVE ids that a Debian changelog names in the entries newer than `since`, sorted. Source: deb-changelog(5). Pure. */
export function fixedVulnerabilities(changelog: string, since: string | undefined): string[] {
  const found = new Set<string>();
  for (const line of changelog.split('\n')) {
    const version = /^[a-z0-9][a-z0-9+.-]* \(([^)]+)\) /.exec(line)?.[1];
    // A binary rebuild (+b1) has no entry of its own in the source's changelog.
    if (version !== undefined && (version === since || version === since?.replace(/\+b\d+$/, ''))) break;
    for (const [id] of line.matchAll(/CVE-\d{4}-\d{4,}/g)) found.add(id);
  }
  return [...found].sort();
}
