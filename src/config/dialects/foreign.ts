/** A language that starts in a recognisable way and that this version does not read. */
interface ForeignLanguage {
  readonly name: string;
  readonly starts: RegExp;
}

/** Order matters: the first match names the text. */
const foreignLanguages: readonly ForeignLanguage[] = [
  { name: 'gzip data', starts: /^\u001f[\u008b\ufffd]/ },
  { name: 'a JSON document', starts: /^[{[]/ },
  { name: 'a Compose file', starts: /^(#.*\n|\s*\n)*(services|name)\s*:/ },
  {
    name: 'a MachineConfig, whose Ignition config stands under "spec.config"',
    starts: /^kind\s*:\s*MachineConfig\s*$/m,
  },
  { name: 'a Kubernetes manifest', starts: /^apiVersion\s*:/m },
  {
    name: 'a Container Linux config, which is Butane once it has "variant" and "version"',
    starts: /^(passwd|storage|systemd|networkd|ignition|ignition_version)\s*:/m,
  },
];

/** What a text is, when it is a known language that this version does not read. */
export function foreignLanguage(text: string): string | undefined {
  const head = text
    .replace(/^\ufeff/, '')
    .trimStart()
    .slice(0, 4096);
  return foreignLanguages.find(({ starts }) => starts.test(head))?.name;
}
