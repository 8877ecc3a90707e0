import { describe, expect, test } from '@jest/globals';
import { substitute } from '../../../../src/config/compose/template.ts';

const variables = { SET: 'value', EMPTY: '', NONE: null, lower_1: 'low' };

describe('substitute', () => {
  test.each([
    ['no variable', 'plain text', 'plain text'],
    ['name alone', 'a $SET b', 'a value b'],
    ['a name ends at the first other character', '$SET-x.$lower_1', 'value-x.low'],
    ['braces', '${SET}x', 'valuex'],
    ['not set is empty text', '<${NONE}${OTHER}>', '<>'],
    ['two dollars are one', '$$SET ${SET:-$$}', '$SET value'],
    ['a dollar before anything else stays', 'a $ b $1 $}', 'a $ b $1 $}'],
    ['":-" replaces unset and empty', '${NONE:-d}${EMPTY:-d}${SET:-d}', 'ddvalue'],
    ['"-" replaces unset only', '${NONE-d}|${EMPTY-d}|${SET-d}', 'd||value'],
    ['":+" replaces set and not empty', '${NONE:+p}|${EMPTY:+p}|${SET:+p}', '||p'],
    ['"+" replaces set', '${NONE+p}|${EMPTY+p}|${SET+p}', '|p|p'],
    ['"?" passes a set value, even empty', '${SET?no}${EMPTY?no}', 'value'],
    ['":?" passes a value', '${SET:?no}', 'value'],
    ['words are nested', '${NONE:-${EMPTY:-${SET}}!}', 'value!'],
    ['braces in a word pair up', '${NONE:-{"a":{}}}', '{"a":{}}'],
    ['operators in a word are text', '${NONE:-a:-b?c}', 'a:-b?c'],
    ['several in one text', '${SET}:${lower_1}:${NONE-x}', 'value:low:x'],
    ['a word over two lines', '${NONE:-a\nb}', 'a\nb'],
  ])('%s', (_rule, text, expected) => expect(substitute(text, variables).text).toBe(expected));

  test.each(['${', '${}', '${ SET}', '${SET }', '${1}', '${SET!}', 'x ${SET'])('%j is refused', (text) =>
    expect(() => substitute(text, variables)).toThrow(/invalid interpolation/));

  test.each([
    ['${NONE?}', 'required variable NONE is missing a value'],
    ['${NONE?say why}', 'required variable NONE is missing a value: say why'],
    ['${EMPTY:?say ${SET}}', 'required variable EMPTY is missing a value: say value'],
  ])('%j is refused with its reason', (text, message) =>
    expect(() => substitute(text, variables)).toThrow(new Error(message)));

  test('nesting without end is refused, whatever its length', () => {
    expect(() => substitute(`${'${A:-'.repeat(50_000)}${'}'.repeat(50_000)}`, {})).toThrow('nested more than 50 deep');
  });

  test('names the variables that are not set and have no default', () => {
    expect(substitute('$A ${B} ${C:-c} ${D+d} ${E:-$F} $SET', variables).unset).toEqual(['A', 'B', 'F']);
  });

  test('takes no value from the prototype', () => expect(substitute('$constructor', {}).text).toBe(''));
});
