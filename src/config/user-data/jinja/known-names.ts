/** Filters of Jinja 3.1 (https://jinja.palletsprojects.com/en/stable/templates/#list-of-builtin-filters): there are no others in cloud-init. */
export const filterNames: ReadonlySet<string> = new Set(
  (
    'abs attr batch capitalize center count d default dictsort e escape filesizeformat first float forceescape format ' +
    'groupby indent int items join last length list lower map max min pprint random reject rejectattr replace reverse ' +
    'round safe select selectattr slice sort string striptags sum title tojson trim truncate unique upper urlencode ' +
    'urlize wordcount wordwrap xmlattr'
  ).split(' '),
);

/** Its tests, as they can be written after `is`. */
export const testNames: ReadonlySet<string> = new Set(
  (
    'boolean callable defined divisibleby eq equalto escaped even false filter float ge greaterthan gt in integer ' +
    'iterable le lessthan lower lt mapping ne none number odd sameas sequence string test true undefined upper'
  ).split(' '),
);

/** Filters that take the text of a name that is not known. */
export const textFilters: ReadonlySet<string> = new Set(
  (
    'capitalize center e escape forceescape format indent lower pprint replace safe string striptags title trim truncate ' +
    'upper urlencode urlize wordcount wordwrap'
  ).split(' '),
);

/** Filters that go over what they are given: nothing, where a name is not known. */
export const listFilters: ReadonlySet<string> = new Set(
  (
    'batch count first groupby items join last length list map max min random reject rejectattr reverse select ' +
    'selectattr slice sort sum unique'
  ).split(' '),
);

/** Names that the library has not, and what they mean. */
export const filterAliases: ReadonlyMap<string, string> = new Map([
  ['d', 'default'],
  ['count', 'length'],
]);
