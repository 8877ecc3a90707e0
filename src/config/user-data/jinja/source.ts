/**
 * A template as the library reads it: with `raw` blocks as quoted texts, `do` as a condition without content, and no `+`
 * in the marks of blocks. Pure.
 */
export function librarySource(body: string): string {
  return outsideRaw(body, (text) =>
    text
      .replace(/\{([%{#])\+/g, '{$1')
      // The line end after a block stays where a plus says so.
      .replace(/\+%\}(\n?)/g, '%}$1$1')
      .replace(/\{%(-?)\s*do\s((?:(?!%\}).)*?)(-?)%\}/gs, '{%$1 if ($2) %}{% endif $3%}'),
  );
}

/** A `raw` block; the line end after its begin stays, the one after its end goes, as after any block. */
const raw = /\{%(-?)[+]?\s*raw\s*(-?)%\}(.*?)\{%(-?)[+]?\s*endraw\s*(-?)[+]?%\}(\n?)/gs;

function outsideRaw(body: string, change: (text: string) => string): string {
  let result = '';
  let end = 0;
  for (const found of body.matchAll(raw)) {
    const [whole, left = '', innerLeft = '', content = '', innerRight = '', right = ''] = found;
    let text = content;
    if (innerLeft !== '') text = text.trimStart();
    if (innerRight !== '') text = text.trimEnd();
    result += `${change(body.slice(end, found.index))}{{${left} ${quoted(text)} ${right}}}`;
    end = found.index + whole.length;
  }
  return result + change(body.slice(end));
}

function quoted(text: string): string {
  const escaped = text
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return `"${escaped}"`;
}
