import { parseDocument } from 'yaml';

/**
 * `berth.report.url` as far as it can be read in texts that cannot be taken as a config: whoever wrote them wants to hear of it.
 * The last one counts. Pure; never throws.
 */
export function reportUrlIn(texts: readonly string[]): string | undefined {
  const urls = texts.map((text) => {
    const url: unknown = parseDocument(text, { logLevel: 'silent', prettyErrors: false }).getIn([
      'berth',
      'report',
      'url',
    ]);
    return typeof url === 'string' && /^https?:\/\//i.test(url) && URL.canParse(url) ? url : undefined;
  });
  return urls.findLast((url) => url !== undefined);
}
