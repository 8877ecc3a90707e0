import { expect, test } from '@jest/globals';
import { renderTemplate, TemplateFailure } from '../../src/config/user-data/template.ts';
import { askCloudInit } from './support/cloud-init-oracle.ts';
import { cloudInitRoot } from './support/cloud-init-package.ts';

const data = {
  'instance-id': 'i-1',
  v1: { 'local-hostname': 'web-1', region: 'eu', 'availability-zone': 'eu-1', count: 3, ok: true, none: null },
  ds: { 'meta-data': { 'public-keys': ['a', 'b'], tags: { Name: 'x', role: 'db' }, 'local-ipv4': '10.0.0.1' } },
};

/** What templates of user-data are made of. */
const bodies = [
  'hostname: {{ v1.local_hostname }}\n',
  'a: {{ instance_id }}',
  'a: {{ ds.meta_data.local_ipv4 }}\nb: {{ds["meta-data"]["local-ipv4"]}}\n',
  "{% if v1.region == 'eu' %}\nntp: {servers: [eu.example.org]}\n{% else %}\nntp: {}\n{% endif %}\n",
  '{% if v1.region != "eu" and v1.ok or not v1.ok %}\na: 1\n{% elif v1.count > 2 %}\na: 2\n{% endif %}\nend: 1\n',
  'users:\n{% for key in ds.meta_data.public_keys %}\n  - name: u{{ loop.index }}\n    key: {{ key }}\n{% endfor %}\n',
  'users:\n  {% for key in ds.meta_data.public_keys %}\n  - {{ key }}\n  {% endfor %}\nend: 1\n',
  '{%- for key in ds.meta_data.public_keys -%}\n{{ key }},\n{%- endfor -%}\n',
  '{% for name, value in ds.meta_data.tags.items() %}\n{{ name }}={{ value }}\n{% endfor %}\n',
  '{% set zone = v1.availability_zone %}\nzone: {{ zone }}\n',
  '{{ v1.region | upper }} {{ v1.local_hostname | replace("web", "db") }} {{ ds.meta_data.public_keys | join(",") }}\n',
  '{{ v1.nothing | default("fallback") }} {{ v1.region | default("x") }}\n',
  '{{ v1.local_hostname.split("-")[0] }} {{ v1.local_hostname[0:3] }}\n',
  '{{ v1.count + 1 }} {{ v1.count * 2 }} {{ "a" ~ v1.count }}\n',
  '{{ "yes" if v1.ok else "no" }} {{ "in" if v1.region in ["eu", "us"] else "out" }}\n',
  '{% if v1.nothing is defined %}a{% else %}b{% endif %} {{ ds.meta_data.public_keys | length }}\n',
  '{# gone #}a: 1\n',
  'a: {{ v1.nothing }}\nb: {{ unknown }}\n',
  '{% if %}\n',
  '{{ v1.region\n',
  '{% for a in b %}\n',
  'plain: text with $dollar {and} braces\n',
  'a: {{ unknown.part }}\n',
  '{% if unknown.part is defined %}a{% endif %}\n',
  '{{ unknown.part | default("x") }}\n',
  '{{ unknown | default("x") }} {{ unknown | d("y") }} {{ unknown | upper }} {{ unknown | length }} {{ unknown ~ "a" }}\n',
  '{% for a in unknown %}{{ a }}{% endfor %}{% for a in "xy" %}{{ a }};{% endfor %}\n',
  '{{ unknown | int }}\n',
  '{{ unknown | tojson }}\n',
  '{{ v1.region | b64encode }}\n',
  '{% if v1.region is nosuchtest %}{% endif %}\n',
  '{% for a in [1, 2] %}{% break %}{% endfor %}\n',
  '{{ v1.ok }} {{ v1.none }} {{ [1, "a", none, true] }} {{ {"a": "it\'s"} }} {{ v1.count / 2 }}\n',
  '{{ 1 == "1" }} {{ v1.none == unknown }} {{ [1] == [1] }} {{ 1 == true }} {{ unknown in ["a"] }} {{ "a" not in unknown }}\n',
  '{{ "a" + 1 }}\n',
  '{{ 1 / 0 }}\n',
  '{% raw %}\n{{ stays }} "{% if %}" \\ {# too #}\n{% endraw %}\nend: 1\n',
  'a: {%- raw -%} {{ x }} {%- endraw -%} b\n',
  '{%+ if v1.ok +%}\na\n{%+ endif %}\nb\n',
  '{% do unknown %}\na: 1\n{%- do v1.region %}\nb\n',
  '{{ ds.meta_data.nothing }} {{ ds["meta_data"]["none"] }} {{ "x" if unknown }} {{ [] | first }}\n',
  'a: 1\r\n{% if v1.ok %}\r\nb: 2\r\n{% endif %}\r\nc: 3\r\n',
  '{{ ds | tojson }} {{ v1 | tojson(indent=2) }} {{ "é<>&" | tojson }} {{ (1, 2.0) | tojson }}\n',
  '{{ (1, "a") }} {{ ds.meta_data.tags.items() }} {{ ds.meta_data.tags | dictsort }} {{ v1.keys() | list }}\n',
  '{% for pair in ds.meta_data.tags.items() %}{{ pair }};{% endfor %}{{ (1, 2) | list }} {{ v1 | list }}\n',
  '{{ [1, none, true, 1.5] | join(",") }} {{ [1, "a"] | string }} {{ true | string }} {{ "abc" | list }}\n',
  '{{ -7 % 3 }} {{ 7 % 2.5 }} {{ -1.5 | int }} {{ "12abc" | int }} {{ "x" | int(7) }} {{ "1e3" | float }}\n',
  '{{ "1_000" | int }} {{ "0.00001" | float }} {{ 100000.0 * 1000000000000.0 }} {{ "-2.7" | int }}\n',
  '{{ "fOO bar" | title }} {{ "they\'re" | title }} {{ "they\'re".title() }} {{ "fOO" | capitalize }}\n',
  '{{ "xxaxx".strip("x") }} {{ "xxaxx".lstrip("x") }} {{ "xxaxx".rstrip("x") }} {{ ["a", "A"] | unique | list }}\n',
  '{{ "%s-%03d|%-4s|%5.1f%%" % ("a", 7, "b", 2.25) }} {{ "%s" % v1.region }} {{ "%s/%s" | format(1, none) }} {{ "%x" % 255 }}\n',
  '{{ "%d" % "a" }}\n',
  '{{ "%s %s" % "a" }}\n',
  '{{ "a" * 3 }} {{ 2 * "ab" }} {{ [1, 2] * 2 }} {{ "a" * -1 }} {{ 1 < 2 < 3 }} {{ 1 < 2 > 5 }} {{ 3 > v1.count > 1 }}\n',
  '{{ "{}-{}".format(1, "b") }} {{ "{1}{0}{{}}".format("a", "b") }} {{ "-7".zfill(4) }} {{ "x".zfill(3) }}\n',
  '{{ ",".join(ds.meta_data.public_keys) }} {{ "abc".index("c") }} {{ "abc".find("x") }} {{ "a1".isalnum() }} {{ "12".isdigit() }}\n',
  '{{ ",".join([1]) }}\n',
  '{{ "abc".index("x") }}\n',
  '{{ "abcab".count("ab") }} {{ "a\nb\n".splitlines() }} {{ "ab".removeprefix("a") }} {{ "ab".removesuffix("b") }} {{ "Ab".islower() }}\n',
  '{% set a = [1] %}{% do a.append("x") %}{% do a.extend([2, 3]) %}{% set _ = a.insert(0, "y") %}{{ a }} {{ a.pop() }} {{ a.index(2) }} {{ a }}\n',
  '{% set a = [1, 2, 1] %}{{ a.count(1) }} {{ a.pop(0) }} {{ a.remove(2) }} {{ a.reverse() }} {{ a }}\n',
  '{{ [].pop() }}\n',
  '{{ 3.25 | round(1) }} {{ 2.5 | round }} {{ 3.2 | round(0, "ceil") }} {{ 3.29 | round(method="floor", precision=1) }} {{ 7 | round }}\n',
  '{{ "a".nosuch() }}\n',
  '{{ "abc"[5] }} {{ ["\u0001", "\u00a0", "\u200b"] }} {% filter title %}a b{% endfilter %}\n',
];

test("templates come to what cloud-init's own code makes of them", async () => {
  const templates = bodies.map((body) => `## template: jinja\n#cloud-config\n${body}`);
  const { answers } = askCloudInit(
    await cloudInitRoot(),
    templates.map((template) => ({ template, data })),
  );
  const here = templates.map((template) => {
    try {
      // The first line stays as a blank one.
      return renderTemplate(template, data).text.replace(/^\n/, '');
    } catch (error) {
      if (!(error instanceof TemplateFailure)) throw error;
      return null;
    }
  });
  expect(here.map((text, index) => [bodies[index], text])).toEqual(answers.map((text, index) => [bodies[index], text]));
  expect(answers.filter((answer) => answer === null)).toHaveLength(19);
});

test.each([
  '{% block a %}{% endblock %}',
  '{% with a = 1 %}{% endwith %}',
  '{% include "/etc/passwd" %}',
])('%s is more than the language here: refused, not passed over', (body) =>
  expect(() => renderTemplate(`## template: jinja\n${body}`, data)).toThrow(TemplateFailure));
