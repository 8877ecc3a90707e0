import { honoured, type KeyRow } from '../../key-table.ts';
import { isPasswordHash } from '../../password.ts';
import type { Place } from '../../place.ts';
import { record } from '../../record-shape.ts';
import { convert, either, type Located, list, located, oneOf, type Shape, truth, withoutText } from '../../shape.ts';
import { accountName } from '../../value-shapes.ts';
import { clearText, type Password } from './account-password.ts';
import type { CloudInitDraft } from './draft.ts';

const entry = convert(
  record(
    { name: accountName, password: clearText, type: oneOf(['hash', 'text', 'RANDOM'] as const) },
    { required: ['name'] },
  ),
  ({ name, password, type = 'hash' }, place): Password | undefined => {
    if (type === 'RANDOM') {
      refuseRandom(place);
      if (password !== undefined)
        place.child('password').inform('no-effect', 'has no effect with the type RANDOM', undefined, 'key');
      return;
    }
    if (password === undefined) {
      place.error('missing-key', '"password" is missing');
      return undefined;
    }
    if (type === 'hash' && !isPasswordHash(password) && !/^[!*]+$/.test(password)) {
      const hint = 'say "type: text" for clear text, or make a hash with: openssl passwd -6';
      place.child('password').error('invalid-value', 'the value is not a crypt(3) hash', hint);
      return undefined;
    }
    return { user: name, value: password, kind: type === 'hash' ? 'hash' : 'clear' };
  },
);

const line = convert(clearText, (text, place): Password | undefined => {
  const colon = text.indexOf(':');
  const user = text.slice(0, colon).trim();
  const value = text.slice(colon + 1);
  if (colon < 1 || value === '') {
    place.error('invalid-value', 'expected USER:PASSWORD');
    return undefined;
  }
  if (value === 'R' || value === 'RANDOM') {
    refuseRandom(place);
    return;
  }
  return { user, value, kind: 'either' };
});

const lines: Shape<Located<Password>[]> = {
  name: 'a text of lines',
  schema: { type: 'string' },
  accepts: (value) => typeof value === 'string',
  read: (value, place) =>
    (value as string)
      .split('\n')
      .map((text) => text.trim())
      .filter((text) => text !== '')
      .flatMap((text) => line.read(text, place) ?? [])
      .map((password) => ({ value: password, place })),
};

function refuseRandom(place: Place): undefined {
  place.warn(
    'unsupported',
    'Berth makes up no passwords: nobody would see them',
    'give the user an SSH key, or a password hash',
  );
  return undefined;
}

const changesShape = withoutText(
  record({
    expire: located(truth),
    users: list(located(withoutText(entry))),
    list: either(list(located(line)), lines),
  }),
);

/** `password` and `chpasswd`. */
export const passwordRows: readonly KeyRow<CloudInitDraft>[] = [
  honoured<CloudInitDraft, Located<string>>({
    key: 'password',
    meaning: 'the password of the default user, as text or hash; it is unlocked by it',
    shape: located(clearText),
    apply(value, draft) {
      draft.password = value;
    },
  }),
  honoured<CloudInitDraft, NonNullable<ReturnType<typeof changesShape.read>>>({
    key: 'chpasswd',
    meaning: 'passwords of users, as text or hash, who are unlocked by it; they do not expire',
    shape: changesShape,
    apply({ expire, users = [], list: old = [] }, draft) {
      if (expire?.value === true)
        expire.place.warn('unsupported', 'passwords do not expire on Berth', 'say "expire: false"', 'key');
      draft.passwords = [...users, ...old];
    },
  }),
];
