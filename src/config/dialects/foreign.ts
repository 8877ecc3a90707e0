/** A language that starts in a recognisable way and that this version does not read. */
interface ForeignLanguage {
  readonly name: string;
  readonly starts: RegExp;
}

/**
 * Order matters: the first match names the text.
 * The `#` headers are cloud-init's (`INCLUSION_TYPES_MAP`); like cloud-init, letter case is ignored.
 */
const foreignLanguages: readonly ForeignLanguage[] = [
  { name: 'gzip data', starts: /^\u001f[\u008b\ufffd]/ },
  { name: 'a multipart MIME message', starts: /^(content-type|mime-version)\s*:/i },
  { name: 'a cloud-config archive', starts: /^#cloud-config-archive\b/i },
  { name: 'a cloud-config JSON patch', starts: /^#cloud-config-jsonp\b/i },
  { name: 'a Jinja template', starts: /^## template:\s*jinja/i },
  { name: 'a list of URLs to include', starts: /^#include(-once)?\b/i },
  { name: 'a part handler', starts: /^#part-handler\b/i },
  { name: 'a boot hook', starts: /^#cloud-boothook\b/i },
  { name: 'an upstart job', starts: /^#upstart-job\b/i },
  { name: 'a script', starts: /^#!/ },
  { name: 'a JSON document', starts: /^[{[]/ },
  { name: 'a Compose file', starts: /^(#.*\n|\s*\n)*(services|name)\s*:/ },
];

/** What a text is, when it is a known language that this version does not read. */
export function foreignLanguage(text: string): string | undefined {
  const head = text
    .replace(/^\ufeff/, '')
    .trimStart()
    .slice(0, 4096);
  return foreignLanguages.find(({ starts }) => starts.test(head))?.name;
}
