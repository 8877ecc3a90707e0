import { gunzipSync } from 'node:zlib';
import type { FileConfig } from '../../host-config.ts';
import { honoured } from '../../key-table.ts';
import { warnOfUnread } from '../../known-files/unread.ts';
import type { Place } from '../../place.ts';
import { record } from '../../record-shape.ts';
import type { RemoteContent } from '../../remote-content.ts';
import {
  convert,
  either,
  type Located,
  list,
  located,
  mapOf,
  natural,
  oneOf,
  type Shape,
  text,
  truth,
} from '../../shape.ts';
import { absolutePath } from '../../value-shapes.ts';
import type { CloudInitDraft } from './draft.ts';

/** What cloud-init can say of a file. */
type GivenFile = Omit<FileConfig, 'existing' | 'keeps'>;

/** Content that unpacks to more is refused: larger things belong into a volume or an image. */
const maxContentBytes = 16 * 2 ** 20;

interface Encoding {
  readonly name: string;
  readonly base64: boolean;
  readonly gzip: boolean;
}

/** cloud-init's spellings. */
const encodings: readonly Encoding[] = [
  { name: 'text/plain', base64: false, gzip: false },
  ...['b64', 'base64'].map((name) => ({ name, base64: true, gzip: false })),
  ...['gz', 'gzip'].map((name) => ({ name, base64: false, gzip: true })),
  ...['gz+b64', 'gz+base64', 'gzip+b64', 'gzip+base64'].map((name) => ({ name, base64: true, gzip: true })),
];

const binary: Shape<Uint8Array> = {
  name: 'binary data',
  schema: { type: 'string' },
  accepts: (value) => value instanceof Uint8Array,
  read: (value) => (value instanceof Uint8Array ? value : undefined),
};

/** cloud-init takes a number as the mode itself and text as octal digits. */
const permissions = convert(either(text, natural), (value, place) => {
  const isOctal = typeof value === 'string' && /^(0o)?[0-7]{1,5}$/.test(value);
  const mode = isOctal ? Number.parseInt(value.replace('0o', ''), 8) : value;
  if (typeof mode === 'string' || mode > 0o7777) {
    place.error('invalid-value', `${JSON.stringify(value)} is not a file mode`, quoteMode);
    return undefined;
  }
  if (!isOctal) place.warn('unquoted-mode', `the number ${mode} is the mode 0${mode.toString(8)}`, quoteMode);
  return mode;
});
const quoteMode = 'write the mode as text, such as "0644"';

const owner = convert(text, (value, place) => {
  const [user = '', group = 'root', ...rest] = value.split(':');
  if (rest.length === 0 && /^[\w][\w.-]*\$?$/.test(user) && /^[\w][\w.-]*\$?$/.test(group)) return { user, group };
  place.error('invalid-value', `${JSON.stringify(value)} is not an owner`, 'write it as "user:group"');
  return undefined;
});

const fileShape = record(
  {
    path: absolutePath,
    content: located(either(text, binary)),
    encoding: oneOf(encodings.map(({ name }) => name)),
    permissions,
    owner,
    append: truth,
    defer: truth,
    source: located(record({ uri: text, headers: mapOf(text) }, { required: ['uri'] })),
  },
  { required: ['path'] },
);
type FileFields = NonNullable<ReturnType<typeof fileShape.read>>;

const filesShape = list(
  convert(located(fileShape), ({ value, place }): Located<GivenFile> | undefined => {
    const encoding = encodings.find(({ name }) => name === value.encoding) ?? encodings[0];
    const bytes = decode(value.content?.value ?? '', encoding, value.content?.place ?? place);
    if (bytes === undefined) return undefined;
    const remote = remoteOf(value);
    if (remote === undefined && value.source !== undefined && value.content === undefined) return undefined;
    const isRoots = (value.owner?.user ?? 'root') === 'root' && (value.owner?.group ?? 'root') === 'root';
    const file: GivenFile = {
      path: value.path,
      contentBase64: remote === undefined ? bytes.toString('base64') : '',
      mode: value.permissions ?? 0o644,
      owner: value.owner?.user ?? 'root',
      group: value.owner?.group ?? 'root',
      append: value.append ?? false,
      defer: value.defer ?? false,
      ...(remote === undefined ? {} : { remote }),
      ...(isRoots ? {} : { ownsParents: true }),
    };
    return { value: file, place };
  }),
);

/** Where the content is fetched from; undefined, and a warning, for what is no web address. */
function remoteOf({ source, content, encoding }: FileFields): RemoteContent | undefined {
  if (source === undefined) return undefined;
  const { uri, headers } = source.value;
  const at = source.place.child('uri');
  if (!/^https?:\/\//i.test(uri) || !URL.canParse(uri)) {
    const instead = content === undefined ? 'the file is not written' : '"content" is written';
    const headersText = headers === undefined ? '' : `, and ${Object.keys(headers).length} headers have no effect`;
    at.warn('unsupported', `contents are fetched over http and https only, so ${instead}${headersText}`);
    return undefined;
  }
  if (content !== undefined)
    content.place.inform('no-effect', 'is not used: the file is written when its source answers', undefined, 'key');
  else if (encoding !== undefined) at.inform('no-effect', '"encoding" is that of "content" only');
  return { url: uri, headers: Object.entries(headers ?? {}).map(([name, value]) => ({ name, value })) };
}

/** `write_files`. */
export const fileRows = [
  honoured<CloudInitDraft, Located<GivenFile>[]>({
    key: 'write_files',
    meaning: 'files with their content, mode and owner; `source` is fetched over http or https',
    shape: filesShape,
    apply(files, { host }) {
      for (const { value, place } of files) {
        host.config.files.push(structuredClone(value) as (typeof host.config.files)[number]);
        host.name(['write_files', value.path], place);
        warnOfUnread(value.path, place);
      }
    },
  }),
];

function decode(content: string | Uint8Array, encoding: Encoding | undefined, place: Place): Buffer | undefined {
  let bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : Buffer.from(content);
  if (encoding?.base64 === true) {
    const packed = bytes.toString('latin1').replace(/\s/g, '');
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(packed)) {
      place.error('invalid-value', 'the content is not base64');
      return undefined;
    }
    bytes = Buffer.from(packed, 'base64');
  }
  if (encoding?.gzip !== true) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxContentBytes });
  } catch {
    place.error('invalid-value', `the content is not gzip data, or unpacks to more than ${maxContentBytes} bytes`);
    return undefined;
  }
}
