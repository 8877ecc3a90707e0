/** True for a text with `variant` among the keys at its top level: at the margin, indented as a whole, or in brackets. Pure. */
export function isButane(text: string): boolean {
  const body = text.replace(/^\ufeff/, '');
  const [, indent = '', first = ''] = /^(?: *(?:#.*|---.*)?\r?\n)*( *)(\S?)/.exec(body) ?? [];
  if (first === '{') return hasVariantInBrackets(body);
  return new RegExp(`^${indent}(?:variant|"variant"|'variant')\\s*:`, 'm').test(body);
}

/** The key stands before all that is nested, or the whole is JSON. */
function hasVariantInBrackets(body: string): boolean {
  if (/\{(?:[^{}[\]]*,)?\s*(["']?)variant\1\s*:/.test(/^[^{]*\{[^{}[\]]*/.exec(body)?.[0] ?? '')) return true;
  if (!body.includes('"variant"')) return false;
  try {
    return Object.hasOwn(JSON.parse(body) as object, 'variant');
  } catch {
    return false;
  }
}
