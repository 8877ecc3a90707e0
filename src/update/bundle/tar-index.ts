import type { ByteSpan } from '../transfer/segment.ts';
import { type OpenedFile, readPieces } from '../tuf/opened-file.ts';
import { leadsElsewhere } from '../tuf/source.ts';
import { malformed, parseTarHeader, parseTarRecords, tarBlockBytes } from './tar-header.ts';

/** Headers that are read; a bundle has some thirty. */
const mostHeaders = 10_000;
/** Bytes of the records about one file. */
const mostRecordBytes = 64 * 1024;

/**
 * Where the files of a tar archive lie, by their paths. Reads headers only, jumps over content, and holds no more than the paths.
 * Throws RELEASE_REFUSED for an archive that is cut off, has anything but files and directories, paths that lead elsewhere or are there
 * twice, or too many headers; RELEASE_UNREACHABLE; rejects with the signal's reason.
 */
export async function indexTar(archive: OpenedFile, signal: AbortSignal): Promise<ReadonlyMap<string, ByteSpan>> {
  const files = new Map<string, ByteSpan>();
  const directories = new Set<string>();
  let said: ReturnType<typeof parseTarRecords> | undefined;
  let position = 0;
  for (let headers = 0; ; headers += 1) {
    if (headers === mostHeaders) throw malformed(`it has more than ${mostHeaders} files`);
    const header = parseTarHeader(await readPart(archive, position, tarBlockBytes, signal));
    if (header === undefined) break;
    const start = position + tarBlockBytes;
    const { kind, path, size } = { ...header, ...said };
    if (start + size > archive.size) throw malformed(`it is cut off in ${JSON.stringify(path)}`);
    position = start + Math.ceil(size / tarBlockBytes) * tarBlockBytes;
    if (kind === 'extended') {
      if (said !== undefined) throw malformed('it has records about records');
      if (size > mostRecordBytes) throw malformed(`it has records of ${size} bytes`);
      said = parseTarRecords(await readPart(archive, start, size, signal));
      continue;
    }
    said = undefined;
    const name = kind === 'directory' ? path.replace(/\/$/, '') : path;
    if (leadsElsewhere(name.split('/'))) throw malformed(`${JSON.stringify(path)} in it leads elsewhere`);
    if (files.has(name) || directories.has(name)) throw malformed(`${JSON.stringify(path)} is in it twice`);
    if (kind === 'directory') directories.add(name);
    else files.set(name, { start, end: start + size });
  }
  if (said !== undefined) throw malformed('it ends after records about nothing');
  return files;
}

async function readPart(archive: OpenedFile, start: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
  if (start + length > archive.size) throw malformed('it is cut off');
  const parts: Uint8Array[] = [];
  for await (const piece of readPieces(archive, start, start + length, signal)) parts.push(piece);
  return Buffer.concat(parts);
}
