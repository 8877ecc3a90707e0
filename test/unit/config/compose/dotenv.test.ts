import { describe, expect, test } from '@jest/globals';
import { parseDotenv } from '../../../../src/config/compose/dotenv.ts';

describe('parseDotenv', () => {
  test.each<[string, string, Record<string, string>]>([
    ['name and value', 'A=1\nB= 2 \n', { A: '1', B: '2' }],
    ['colon instead of equals', 'A: x=y', { A: 'x=y' }],
    ['export is allowed', ' export A=1\nexport\tB=2\nexported=3', { A: '1', B: '2', exported: '3' }],
    ['empty values', 'A=\nB=""\nC=\'\'', { A: '', B: '', C: '' }],
    ['comments', '# one\n  # two\nA=1 # three\nB=1#2', { A: '1', B: '1#2' }],
    ['windows line ends', 'A=1\r\nB="x\r\ny"\r\n', { A: '1', B: 'x\ny' }],
    ['a byte order mark', '\ufeffA=1', { A: '1' }],
    ['dots, dashes and brackets in names', 'a.b=1\nc-d=2\ne[0]=3', { 'a.b': '1', 'c-d': '2', 'e[0]': '3' }],
    ['single quotes keep everything', "A='$X \\n # \"'", { A: '$X \\n # "' }],
    ['an escaped quote inside its kind', 'A="say \\"hi\\""\nB=\'it\\\'s\'', { A: 'say "hi"', B: "it's" }],
    ['escapes in double quotes', 'A="a\\tb\\nc\\\\d\\$X\\0101\\x41"', { A: 'a\tb\nc\\d$XA\\x41' }],
    ['quotes over several lines', 'A="one\ntwo"\nB=\'three\nfour\'', { A: 'one\ntwo', B: 'three\nfour' }],
    ['a comment behind quotes', 'A="x" # y\nB=\'x\'#y', { A: 'x', B: 'x' }],
    ['earlier names are variables', 'A=1\nB=${A}2\nC="$B$NONE"', { A: '1', B: '12', C: '12' }],
    ['the environment comes before earlier names', 'OUT=file\nA=$OUT', { OUT: 'file', A: 'outside' }],
    ['defaults', 'A=${NONE:-x}', { A: 'x' }],
    ['a name alone is inherited', 'OUT\nNONE\n', { OUT: 'outside' }],
    ['a name alone at the end too', 'OUT', { OUT: 'outside' }],
    ['a later line wins', 'A=1\nA=2', { A: '2' }],
  ])('%s', (_rule, text, expected) => expect(parseDotenv(text, { OUT: 'outside', NONE: null })).toEqual(expected));

  test('a long file takes time with its length, not with its square', () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `N${index + 1}=\${N${index}:-x}\n`);
    expect(Object.values(parseDotenv(lines.join(''), {})).at(-1)).toBe('x');
  }, 5000);

  test.each([
    ['A=1\nB="x', 'line 2: unterminated quoted value "x'],
    ["A='x\\'", "line 1: unterminated quoted value 'x\\'"],
    ['A="1\n2"\nNOT A NAME\n', 'line 3: key cannot contain a space'],
    ['A!=1', 'line 1: unexpected character "!" in variable name "A!"'],
  ])('%j is refused: %s', (text, message) => expect(() => parseDotenv(text, {})).toThrow(new Error(message)));
});
