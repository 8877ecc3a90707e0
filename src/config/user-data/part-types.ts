/** Types of user-data's parts that mean something to cloud-init 26.2, by what becomes of them. */
export const partTypes = {
  cloudConfig: 'text/cloud-config',
  jsonPatch: 'text/cloud-config-jsonp',
  archive: 'text/cloud-config-archive',
  include: 'text/x-include-url',
  includeOnce: 'text/x-include-once-url',
  script: 'text/x-shellscript',
  scriptPerBoot: 'text/x-shellscript-per-boot',
  scriptPerInstance: 'text/x-shellscript-per-instance',
  scriptPerOnce: 'text/x-shellscript-per-once',
  bootHook: 'text/cloud-boothook',
  template: 'text/jinja2',
  partHandler: 'text/part-handler',
  upstartJob: 'text/upstart-job',
} as const;

/** First lines and the types they tell; the longest that fits counts (`INCLUSION_TYPES_MAP`). */
const headers = (
  [
    ['#include', partTypes.include],
    ['#include-once', partTypes.includeOnce],
    ['#!', partTypes.script],
    ['#cloud-config', partTypes.cloudConfig],
    ['#upstart-job', partTypes.upstartJob],
    ['#part-handler', partTypes.partHandler],
    ['#cloud-boothook', partTypes.bootHook],
    ['#cloud-config-archive', partTypes.archive],
    ['#cloud-config-jsonp', partTypes.jsonPatch],
    ['## template: jinja', partTypes.template],
  ] as const
).toSorted(([a], [b]) => b.length - a.length);

/** The type that a text's beginning tells, letter case and leading blanks aside; undefined when it tells none. Pure. */
export function typeByHeader(text: string): string | undefined {
  const start = text
    .slice(0, 4096)
    .replace(/^\ufeff/, '')
    .trimStart()
    .slice(0, 32)
    .toLowerCase();
  return headers.find(([header]) => start.startsWith(header))?.[1];
}

/** Types whose declared name does not count: the text's own beginning tells more. */
export const sniffedTypes: ReadonlySet<string> = new Set(['text/plain', 'text/x-not-multipart', partTypes.script]);

/** Types that say of a part that it is packed with gzip. */
export const packedTypes: ReadonlySet<string> = new Set(
  ['gzip', 'gzip-compressed', 'gzipped', 'x-compress', 'x-compressed', 'x-gunzip', 'x-gzip', 'x-gzip-compressed'].map(
    (name) => `application/${name}`,
  ),
);

/** True for text in one of cloud-init's formats, or a MIME message. Pure. */
export function isUserData(text: string): boolean {
  return typeByHeader(text) !== undefined || /^(content-type|mime-version)\s*:/i.test(text.slice(0, 4096).trimStart());
}
