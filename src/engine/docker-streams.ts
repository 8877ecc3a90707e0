const headerBytes = 8;

/** Called with each piece of output. */
export type OnChunk = (stream: 'stdout' | 'stderr', chunk: Buffer) => void;

/**
 * Takes the engine's multiplexed output apart: frames of one byte stream (1 stdout, 2 stderr), three zeros, a big-endian
 * length, the bytes (Docker Engine API, "Attach to a container", stream format). Give it chunks as they arrive, cut anywhere;
 * the bytes of a frame are passed on as they come.
 */
export function demultiplexer(onChunk: OnChunk): (chunk: Buffer) => void {
  let header = Buffer.alloc(0);
  let stream: 'stdout' | 'stderr' = 'stdout';
  let left = 0;
  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        const missing = headerBytes - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < headerBytes) return;
        stream = header[0] === 2 ? 'stderr' : 'stdout';
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        continue;
      }
      const piece = rest.subarray(0, left);
      left -= piece.length;
      rest = rest.subarray(piece.length);
      onChunk(stream, piece);
    }
  };
}

/** Splits a stream of JSON lines, cut anywhere, into values. */
export function jsonLines(onValue: (value: unknown) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    let rest = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      const line = rest.subarray(0, end).toString().trim();
      rest = rest.subarray(end + 1);
      if (line !== '') onValue(JSON.parse(line));
    }
    pending = rest;
  };
}

/**
 * Feeds a stream to `onChunk` until it ends or the signal aborts (both resolve: the caller looks at its signal). Rejects when
 * it breaks, or when `onChunk` throws.
 */
export function drain(
  stream: NodeJS.ReadableStream & { destroy(): unknown },
  onChunk: (chunk: Buffer) => void,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: unknown) => {
      signal?.removeEventListener('abort', onAbort);
      stream.destroy();
      if (error === undefined || signal?.aborted === true) resolve();
      else reject(error instanceof Error ? error : new Error('aborted', { cause: error }));
    };
    const onAbort = () => finish();
    if (signal?.aborted === true) {
      finish();
      return;
    }
    signal?.addEventListener('abort', onAbort);
    stream.on('data', (chunk: Buffer) => {
      try {
        onChunk(chunk);
      } catch (error) {
        finish(error);
      }
    });
    stream.once('end', () => finish());
    stream.on('error', finish);
    stream.once('close', () => finish(new Error('aborted')));
  });
}
