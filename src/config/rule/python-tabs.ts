import { CST, Lexer } from 'yaml';

/** The lexer's marks, which are not in the text. */
const marks: readonly string[] = [CST.DOCUMENT, CST.FLOW_END, CST.SCALAR];

/**
 * The offset of the first tab that PyYAML's scanner stops at: it takes tabs in quoted and block texts and in comments, and
 * nowhere else. Pure.
 */
export function findTab(text: string): number | undefined {
  if (!text.includes('\t')) return undefined;
  let offset = text.startsWith(CST.BOM) ? CST.BOM.length : 0;
  let isBody = false;
  let isBlock = false;
  for (const token of new Lexer().lex(text)) {
    if (marks.includes(token) && !isBody) {
      isBody = token === CST.SCALAR;
      continue;
    }
    const type = isBody ? (isBlock ? 'block' : 'plain') : CST.tokenType(token);
    const tab = type !== null && takesTabs.has(type) ? -1 : token.indexOf('\t');
    if (tab !== -1) return offset + tab;
    if (type === 'block-scalar-header') isBlock = true;
    else if (isBody) isBlock = false;
    isBody = false;
    offset += token.length;
  }
  return undefined;
}

const takesTabs: ReadonlySet<string> = new Set([
  'block',
  'comment',
  'single-quoted-scalar',
  'double-quoted-scalar',
  'byte-order-mark',
]);
