import { argumentFault } from '../kernel-arguments.ts';
import { honoured } from '../key-table.ts';
import { record } from '../record-shape.ts';
import { convert, type Located, list, located, text } from '../shape.ts';
import { unique } from '../value-shapes.ts';
import type { BerthDraft } from './draft.ts';

const argument = convert(text, (value, place) => {
  const fault = argumentFault(value);
  if (fault === undefined) return value;
  place.error('invalid-value', fault.why, fault.hint);
  return undefined;
});

const kernelShape = record(
  { arguments: located(list(argument)), absent_arguments: located(list(argument)) },
  { unknown: 'error' },
);

/** `berth.kernel`. */
export const kernelRow = honoured<BerthDraft, { arguments?: Located<string[]>; absent_arguments?: Located<string[]> }>({
  key: 'kernel',
  meaning:
    '`arguments`: for the kernel, behind those of the release, from the next boot on; they are tried, and taken back when the host is not well with them. `absent_arguments`: words that must not be there; those of the release itself stay',
  shape: kernelShape,
  apply({ arguments: wanted, absent_arguments: unwanted }, { host }) {
    const present = wanted === undefined ? [] : unique(wanted.value, wanted.place);
    const absent = unwanted === undefined ? [] : unique(unwanted.value, unwanted.place);
    const both = absent.find((word) => present.includes(word));
    if (both !== undefined) {
      unwanted?.place.error('invalid-value', `"${both}" is under arguments, too`, 'take it out of one of them');
      return;
    }
    if (present.length + absent.length === 0) return;
    host.config.kernelArguments = { present, absent };
    if (wanted !== undefined) host.name(['berth', 'kernel', 'arguments'], wanted.place);
    if (unwanted !== undefined) host.name(['berth', 'kernel', 'absent_arguments'], unwanted.place);
  },
});
