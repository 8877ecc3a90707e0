/** How the usual template languages mark what is still to be filled in: Go and Jinja, Terraform, the shell, ERB. */
const marks = /\{\{|\{%|%\{|\$\{|<%/;

/** What to say of a syntax error in a part of a text that has a placeholder of a template; undefined when it has none. Pure. */
export function placeholderHint(part: string): string | undefined {
  const mark = marks.exec(part);
  return mark === null ? undefined : `this looks like a template ("${mark[0]}"): fill it in first`;
}
