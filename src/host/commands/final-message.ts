/** What a final message can name. */
export interface FinalMessageFacts {
  readonly version: string;
  /** Seconds. */
  readonly uptime: string;
  /** RFC 2822. */
  readonly timestamp: string;
  readonly datasource: string;
}

/**
 * A final message with its variables, `$NAME` or `${NAME}`, and `{{ NAME }}` in a text that begins with `## template: jinja`;
 * a name that is not known stays as it stands. Pure. Source: cloud-init's `cc_final_message` and `templater`.
 */
export function renderFinalMessage(text: string, facts: FinalMessageFacts): string {
  const values = new Map<string, string>(
    Object.entries(facts).flatMap(([name, value]: [string, string]) => [
      [name, value],
      [name.toUpperCase(), value],
    ]),
  );
  const header = /^##\s*template:\s*(\w+)[^\n]*\n/i.exec(text);
  const body = header === null ? text : text.slice(header[0].length);
  const form =
    header?.[1]?.toLowerCase() === 'jinja'
      ? /\{\{-?\s*([A-Za-z0-9_.]+)\s*-?\}\}/g
      : /\$\{([A-Za-z0-9_.]+)\}|\$([A-Za-z0-9_]+)/g;
  return body.replaceAll(
    form,
    (whole: string, first?: string, second?: string) => values.get(first ?? second ?? '') ?? whole,
  );
}
