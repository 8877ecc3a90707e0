import { access, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { BerthError, isBerthError } from '../core/errors.ts';
import { askBounded } from './bounded-http.ts';
import { causeOf } from './http-fetcher.ts';
import { shownUrl } from './inline-seed.ts';
import { defaultGateways, splitZone } from './metadata-endpoints.ts';
import {
  type MetadataAnswer,
  type MetadataQuestion,
  type MetadataServices,
  maxDocumentBytes,
  type Surroundings,
} from './seed-ports.ts';

export interface MetadataClientDeps {
  readonly clock: Pick<Clock, 'sleep'>;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onRetry: (why: string) => void;
  /** How long a service may take to answer, and pause within its answer. */
  readonly answerMs?: number;
  readonly maxBytes?: number;
  /** Whether a network device leads out of this machine; absent: as the kernel tells. */
  readonly isUplink?: (link: string) => Promise<boolean>;
}

/** Ports below 1024 that no service of this host listens on by habit. */
const firstPrivileged = 600;
const privilegedPorts = 400;
const mostPorts = 20;

/** Metadata services over HTTP. */
export class MetadataClient implements MetadataServices {
  readonly #deps: MetadataClientDeps;

  constructor(deps: MetadataClientDeps) {
    this.#deps = deps;
  }

  async ask(question: MetadataQuestion, signal: AbortSignal): Promise<MetadataAnswer> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#askOnce(question, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (isBerthError(error)) throw error;
        const isTaken = ['EADDRINUSE', 'EADDRNOTAVAIL'].includes((error as NodeJS.ErrnoException).code ?? '');
        if (question.isPrivileged === true && isTaken && tries < mostPorts) continue;
        throw new BerthError('DATASOURCE_UNREACHABLE', `${shownUrl(question.url)}: ${causeOf(error)}`, {
          cause: error,
          retryable: true,
        });
      }
    }
  }

  /** A container's network device is not asked: whoever is in the container would answer. */
  async surroundings(): Promise<Surroundings> {
    const isUplink = this.#deps.isUplink ?? isHardware;
    const local = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses.some(({ family, address }) => family === 'IPv6' && address.startsWith('fe80:')) ? [name] : [],
    );
    const known = await Promise.all(local.map(async (name) => ((await isUplink(name)) ? [name] : [])));
    const table = await readFile('/proc/net/route', 'utf8').catch(() => '');
    return { links: known.flat(), gateways: [...new Set(defaultGateways(table))] };
  }

  async pause(failures: number, told: string | undefined, signal: AbortSignal): Promise<void> {
    if (told !== undefined) this.#deps.onRetry(told);
    await this.#deps.clock.sleep(backoffMs(failures, this.#deps.random()), signal);
  }

  limit(ms: number): AbortSignal {
    return AbortSignal.timeout(ms);
  }

  #askOnce(
    { method, url, headers, body, isPrivileged }: MetadataQuestion,
    signal: AbortSignal,
  ): Promise<MetadataAnswer> {
    const { answerMs = 5000, maxBytes = maxDocumentBytes, random } = this.#deps;
    const { url: asked, address } = splitZone(url);
    return askBounded(
      asked,
      {
        ...{ method, headers, signal, isFinal: true },
        ...(body === undefined ? {} : { body }),
        ...(address === undefined ? {} : { address }),
        ...(isPrivileged === true ? { localPort: firstPrivileged + Math.floor(random() * privilegedPorts) } : {}),
      },
      { answerMs, stallMs: answerMs, maxBytes },
    );
  }
}

/** The kernel links a network device that is hardware, a virtual machine's too, to that. */
function isHardware(link: string): Promise<boolean> {
  return access(`/sys/class/net/${link}/device`).then(
    () => true,
    () => false,
  );
}
