import { cleanPath } from '../../../go/go-path.ts';
import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';
import { decimalMode } from '../../butane/checks/mode.ts';

/** An absolute path without `.`, `..`, double or trailing slashes. */
export function checkPath(path: string | undefined, place: Place): void {
  if (path === undefined || path === '') {
    place.error('missing-key', 'the path is missing');
  } else if (!path.startsWith('/')) {
    place.error('invalid-value', `${describeValue(path)} is not an absolute path`);
  } else if (cleanPath(path) !== path) {
    place.error(
      'invalid-value',
      `${describeValue(path)} can be written shorter`,
      `write it ${describeValue(cleanPath(path))}`,
    );
  }
}

/** Permission bits; those above 0777 have an effect from version 3.6.0 on. */
export function checkMode(mode: number | undefined, place: Place, minor: number, isDirectory: boolean): void {
  if (mode === undefined) return;
  const isSlip = decimalMode(mode, isDirectory) !== undefined;
  if (mode < 0 || mode > 0o7777) {
    const hint = mode >= 0 && /^[0-7]{3,4}$/.test(String(mode)) ? octalHint(mode) : undefined;
    place.error('invalid-value', `${mode} is no file mode: it is a decimal number up to 4095 (octal 7777)`, hint);
  } else if (minor < 6 && mode > 0o777) {
    const bits =
      'the set-user-id, set-group-id and sticky bits have no effect before version 3.6.0 of the specification';
    place.warn('no-effect', bits, isSlip ? octalHint(mode) : `the mode used is ${mode & 0o777}`);
  } else if (isSlip) warnOfDecimalMode(mode, place);
}

/** JSON's numbers are decimal, and a mode is mostly thought of in octal digits. */
export function warnOfDecimalMode(mode: number, place: Place): void {
  place.warn('decimal-mode', `${mode} is a decimal number here: mode 0${mode.toString(8)}`, octalHint(mode));
}

function octalHint(mode: number): string {
  return `JSON has no octal numbers: 0${mode} is written ${Number.parseInt(String(mode), 8)}`;
}
