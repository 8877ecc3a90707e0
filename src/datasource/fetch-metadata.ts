import { isBerthError, messageOf } from '../core/errors.ts';
import { type MetadataService, readMetadata } from './metadata-service.ts';
import type { SeedDocuments } from './seed-documents.ts';
import type { SeedPorts } from './seed-ports.ts';

/** While the network comes up, the service may be there any moment: no wait is longer than that of so many failures. */
const mostFailuresBefore = 2;
/** Until the network is ready, the console hears of one failure in so many. */
const toldOf = 10;
/** While only one of a host's network devices is up, the refusal may come from whoever has the address behind that one. */
const refusalsBelieved = 5;

/**
 * Gets the documents of a service that this host is known to have, however long that takes. An IPv6 link-local address is
 * enough for some services, so the network is not waited for, only told of: when it is ready, a try follows at once.
 * Throws DATASOURCE_UNREADABLE when the service refuses, again and again, with the network there.
 */
export async function fetchMetadata(
  service: MetadataService,
  { network, metadata }: Pick<SeedPorts, 'network' | 'metadata'>,
  signal: AbortSignal,
): Promise<SeedDocuments> {
  const online = { isReady: false };
  const ready = network(service.network, signal).then(() => {
    online.isReady = true;
  });
  ready.catch(() => undefined);
  let refusals = 0;
  for (let failures = 1; ; failures += 1) {
    const wasReady = online.isReady;
    try {
      return await readMetadata(service, metadata, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isBerthError(error)) throw error;
      refusals = wasReady && !error.retryable ? refusals + 1 : 0;
      if (refusals === refusalsBelieved) throw error;
      if (online.isReady && !wasReady) failures = 0;
      else await pause(failures, messageOf(error));
    }
  }

  async function pause(failures: number, why: string): Promise<void> {
    if (online.isReady) return metadata.pause(failures, why, signal);
    const stop = new AbortController();
    const told = failures % toldOf === 0 ? why : undefined;
    const waiting = metadata.pause(
      Math.min(failures, mostFailuresBefore),
      told,
      AbortSignal.any([signal, stop.signal]),
    );
    waiting.catch(() => undefined);
    await Promise.race([waiting, ready]);
    stop.abort();
  }
}
