import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError, messageOf } from '../../core/errors.ts';
import { isMissing } from '../../engine/durable-file.ts';
import { parseMetadata } from '../tuf/metadata.ts';
import type { Expiry } from '../tuf/tuf-client.ts';
import type {
  Document,
  RootDocument,
  SignedPart,
  SnapshotDocument,
  TargetsDocument,
  TimestampDocument,
} from './documents.ts';

/** What a server serves. */
export interface Published {
  readonly root: Document<RootDocument> | undefined;
  readonly timestamp: Document<TimestampDocument> | undefined;
  readonly snapshot: Document<SnapshotDocument> | undefined;
  readonly published: ReadonlyMap<string, Document<TargetsDocument>>;
}

/** Reads a repository: what the timestamp leads to; files beside it are of a publication that was cut short, or old. */
export async function readPublished(directory: string): Promise<Published> {
  const metadata = join(directory, 'metadata');
  const names = await namesIn(metadata);
  const roots = names.map((name) => Number(/^(\d+)\.root\.json$/.exec(name)?.[1] ?? '0'));
  const newest = Math.max(0, ...roots);
  const root =
    newest === 0 ? undefined : await readDocument<RootDocument>(join(metadata, `${newest}.root.json`), 'root');
  const published = new Map<string, Document<TargetsDocument>>();
  if (!names.includes('timestamp.json')) return { root, timestamp: undefined, snapshot: undefined, published };
  const timestamp = await readDocument<TimestampDocument>(join(metadata, 'timestamp.json'), 'timestamp');
  const { version } = timestamp.signed.meta['snapshot.json'];
  const snapshot = await readDocument<SnapshotDocument>(join(metadata, `${version}.snapshot.json`), 'snapshot');
  for (const [file, meta] of Object.entries(snapshot.signed.meta)) {
    const role = file.slice(0, -'.json'.length);
    published.set(role, await readDocument<TargetsDocument>(join(metadata, `${meta.version}.${file}`), role));
  }
  return { root, timestamp, snapshot, published };
}

/** When what hosts see of a repository expires, by role; nothing while they see nothing. Throws as {@link readPublished} does. */
export async function publishedExpiries(directory: string): Promise<Expiry[]> {
  const { published, ...top } = await readPublished(directory);
  if (top.timestamp === undefined) return [];
  return [...Object.entries(top), ...published].flatMap(([role, document]) =>
    document === undefined ? [] : [{ role, expires: document.signed.expires }],
  );
}

/** What a directory holds; nothing when there is none. Throws CONFIG_UNREADABLE: one that cannot be read is not taken for an empty one. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch((cause: unknown) => {
    if (isMissing(cause)) return [];
    throw new BerthError('CONFIG_UNREADABLE', `${directory} cannot be read: ${messageOf(cause)}`, { cause });
  });
}

/** Reads a file of metadata. Throws STORE_CORRUPT when it is none. */
export async function readDocument<Signed extends SignedPart>(path: string, role: string): Promise<Document<Signed>> {
  try {
    const content = await readFile(path);
    parseMetadata(role, content);
    return JSON.parse(content.toString()) as Document<Signed>;
  } catch (cause) {
    throw new BerthError('STORE_CORRUPT', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
