import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { DockerConnection } from './docker-connection.ts';

/**
 * Writes an image of an engine into a file, as an archive that engines load. Throws NOT_FOUND, ENGINE_UNREACHABLE; rejects with what the
 * file system says, or the signal's reason.
 */
export async function saveImage(
  socketPath: string,
  reference: string,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const connection = new DockerConnection(socketPath);
  try {
    const answer = await connection.stream({
      what: `save image ${reference}`,
      method: 'GET',
      path: '/images/get',
      query: { names: reference },
      signal,
    });
    await pipeline(answer, createWriteStream(file), { signal });
  } finally {
    connection.close();
  }
}
