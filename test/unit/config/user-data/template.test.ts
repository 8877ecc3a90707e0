import { expect, test } from '@jest/globals';
import { renderTemplate, TemplateFailure } from '../../../../src/config/user-data/template.ts';

const data = {
  v1: { 'local-hostname': 'web-1', region: 'eu', tags: ['a', 'b'], count: 2 },
  ds: { 'meta-data': { 'public-ipv4': '10.0.0.1', nested: { x: null } } },
};
const render = (body: string): string => renderTemplate(`## template: jinja\n#cloud-config\n${body}`, data, 300).text;

test.each([
  ['a: {{ v1.local_hostname }}', 'a: web-1'],
  ['a: {{ds.meta_data.public_ipv4}}', 'a: 10.0.0.1'],
  ['a: {{ ds["meta-data"]["public-ipv4"] }}', 'a: 10.0.0.1'],
  ['{% if v1.region == "eu" %}b: 1{% else %}b: 2{% endif %}', 'b: 1'],
  ['{% for t in v1.tags %}{{ t }},{{ loop.index }} {% endfor %}', 'a,1 b,2 '],
  ['{% set x = v1.region %}{{ x }}', 'eu'],
  ['{{ v1.region | upper }}-{{ v1.tags | join("+") }}', 'EU-a+b'],
  ['{{ v1.zone | default("none") }}', 'none'],
  ['{# a comment #}c: 1', 'c: 1'],
  ['{% if v1.zone is defined and v1.zone | bool %}a{% endif %}.', '.'],
  ['{% if v1.zone is defined %}{{ v1.zone | bool }}{% elif v1.zone is defined and 1 is match %}{% endif %}.', '.'],
  ['{% if false %}{% for a in v1.tags | bool %}{% endfor %}{% endif %}{{ "a" if true else v1.zone | bool }}', 'a'],
  ['{{ v1.zone | upper }} {{ v1.zone ~ "!" }}', 'CI_MISSING_JINJA_VAR/ZONE CI_MISSING_JINJA_VAR/zone!'],
  ['{% for t in v1.zones %}{{ t }}{% endfor %}.', '.'],
  ['{{ v1.count == 2 }} {{ none }} {{ v1.tags }} {{ {"a": [1.5]} }}', "True None ['a', 'b'] {'a': [1.5]}"],
  ['{% raw %}{{ v1 }} "\\ {%{% endraw %}\n.', '{{ v1 }} "\\ {%.'],
  ['{% do v1.zone %}{%+ if true +%}\na{% endif %}', '\na'],
  ['a: $HOME {literally} %', 'a: $HOME {literally} %'],
  ['a: 1\r\n{% if true %}\r\nb: 2\r\n{% endif %}\r\nc', 'a: 1\nb: 2\nc'],
  ['{{ {"b": 1.0, "a": "<é\'>"} | tojson }}', '{"a": "\\u003c\\u00e9\\u0027\\u003e", "b": 1.0}'],
  ['{{ [1, {}, [2]] | tojson(indent=2) }}', '[\n  1,\n  {},\n  [\n    2\n  ]\n]'],
  ['{{ {"a": 1}.items() }} {{ {"a": 1} | dictsort }}', "dict_items([('a', 1)]) [('a', 1)]"],
  ['{% for pair in {"a": 1} | items %}{{ pair }}{% endfor %}', "('a', 1)"],
  ['{{ [1, none, true] | join(",") }} {{ [1, "a"] | string }}', "1,None,True [1, 'a']"],
  ['{{ -7 % 3 }} {{ -1.5 | int }} {{ "12abc" | int(5) }} {{ 1.5 * 100000000000000000 }}', '2 -1 5 1.5e+17'],
  ['{{ "fOO bar" | title }} {{ "fOO" | capitalize }} {{ "xax".strip("x") }}', 'Foo Bar Foo a'],
  [
    '{{ v1 | list }} {{ ["a", "A"] | unique | list }}',
    "['count', 'local-hostname', 'local_hostname', 'region', 'tags'] ['a']",
  ],
])('%s', (body, expected) => expect(render(body)).toBe(`\n#cloud-config\n${expected}`));

test('a name that is not known stands in the text, and is told', () => {
  const { text, missing } = renderTemplate('## template: jinja\na: {{ v1.zone }}\n', data);
  expect([text, missing]).toEqual(['\na: CI_MISSING_JINJA_VAR/zone\n', ['v1.zone']]);
});

test.each([
  ['a part of what is not known', '{{ v1.zone.id | default("a") }}'],
  ['a filter that Jinja has not', '{{ v1.region | b64encode }}'],
  ['a test that Jinja has not', '{{ v1.region is match("e") }}'],
  ['one that a condition comes to', '{% if v1.region is match("e") %}{% endif %}'],
  ['a filter that Jinja has not, where the condition holds', '{% if v1.region %}{{ v1.region | bool }}{% endif %}'],
  ['one in a loop below a condition', '{% if false %}{% for a in v1.tags %}{{ a | bool }}{% endfor %}{% endif %}'],
  ['one in a macro below a condition', '{% if false %}{% macro m() %}{{ 1 | bool }}{% endmacro %}{% endif %}'],
  ['a block of one below a condition', '{% if false %}{% filter bool %}{% endfilter %}{% endif %}'],
  ['a text and a number added', '{{ v1.region + 1 }}'],
  ['a division by zero', '{{ 1 / 0 }}'],
  ['a range that is too long', '{{ range(1000000) | length }}'],
  ['a text that is too long', '{{ "a" * 1000000000 }}'],
  ['a number that is filled up too far', '{{ "%9999999d" % 1 }}'],
  ['a list that doubles itself', '{% set a = [1] %}{% for b in range(60) %}{% do a.extend(a) %}{% endfor %}'],
  ['a list of too many entries', '{{ [1, 2] * 90000 }}'],
  ['a text that joins what is none', '{{ ",".join([1]) }}'],
  ['a format with too few values', '{{ "%s %s" % v1.region }}'],
  ['an open block', '{% if v1.region %}'],
  ['a call of what is not there', '{{ v1.nothing() }}'],
  ['a way to JavaScript', '{{ "".constructor.constructor("return process")() }}'],
  ['a loop without end', '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}'],
])('%s is refused', (_, body) => {
  expect(() => render(body)).toThrow(TemplateFailure);
});

test('a template that does not end is refused by its steps, and by its time where each takes long', () => {
  const loop = '{% for a in range(9000) %}{% for b in range(9000) %}{{ b }}{% endfor %}{% endfor %}';
  const start = '## template: jinja\n#cloud-config\n';
  expect(() => renderTemplate(start + loop, data, 60_000)).toThrow('it takes more than 200000 steps');
  const doubled = '{% set a = namespace(b=[1]) %}{% for c in range(60) %}{% set a.b = a.b + a.b %}{% endfor %}';
  expect(() => renderTemplate(start + doubled, data, 50)).toThrow('it takes longer than 0.05 s');
});
