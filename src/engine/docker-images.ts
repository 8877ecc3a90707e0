import { isBerthError } from '../core/errors.ts';
import type { PullOptions } from './container-engine.ts';
import type { ApiProgress } from './docker-api.ts';
import type { DockerConnection } from './docker-connection.ts';
import { connectionError, pullError, refusal } from './docker-errors.ts';
import { pullProgress } from './docker-pull.ts';
import { drain, jsonLines } from './docker-streams.ts';

/** Pulls one image. Throws IMAGE_NOT_FOUND when the registry does not have it, IMAGE_PULL_FAILED for everything that may pass. */
export async function pullImage(
  connection: DockerConnection,
  reference: string,
  options: PullOptions,
  signal?: AbortSignal,
): Promise<void> {
  const what = `pull ${reference}`;
  const answer = await connection.stream({
    what,
    method: 'POST',
    path: '/images/create',
    query: { fromImage: withTag(reference), ...(options.platform === undefined ? {} : { platform: options.platform }) },
    headers: options.auth === undefined ? {} : { 'X-Registry-Auth': registryAuth(options.auth) },
    signal,
    onRefusal: (status, said) => pullError(said, reference, status),
  });
  const fractionAfter = pullProgress();
  const split = jsonLines((value) => {
    const line = value as ApiProgress;
    const failure = line.errorDetail?.message ?? line.error;
    if (failure !== undefined) throw pullError(failure, reference);
    const fraction = fractionAfter(line);
    options.onProgress?.(fraction);
  });
  await drained(answer, split, what, signal);
  options.onProgress?.(1);
}

/** Loads a `docker save` archive. @returns the references it held; for an untagged image its id. */
export async function loadImage(
  connection: DockerConnection,
  archive: NodeJS.ReadableStream,
  signal?: AbortSignal,
): Promise<string[]> {
  const what = 'load an image archive';
  const references: string[] = [];
  const answer = await connection.stream({
    what,
    method: 'POST',
    path: '/images/load',
    query: { quiet: 1 },
    file: archive,
    signal,
  });
  const split = jsonLines((value) => {
    const line = value as ApiProgress;
    const failure = line.errorDetail?.message ?? line.error;
    if (failure !== undefined) throw refusal(500, failure, what);
    const loaded = /^Loaded image(?: ID)?: (\S+)/.exec(line.stream ?? '')?.[1];
    if (loaded !== undefined) references.push(loaded);
  });
  await drained(answer, split, what, signal);
  return references;
}

async function drained(
  answer: Parameters<typeof drain>[0],
  split: (chunk: Buffer) => void,
  what: string,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await drain(answer, split, signal);
  } catch (error) {
    throw isBerthError(error) ? error : connectionError(error, what, signal);
  }
  if (signal?.aborted === true) throw connectionError(signal.reason, what, signal);
}

/** Without a tag the engine would pull every tag there is. */
function withTag(reference: string): string {
  const last = reference.slice(reference.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? reference : `${reference}:latest`;
}

/**
 * Docker Engine API, "Authentication": base64url of a JSON object, with its padding: without it, the engine takes the header
 * for none and says nothing.
 */
function registryAuth(auth: NonNullable<PullOptions['auth']>): string {
  const json = { username: auth.username, password: auth.password, serveraddress: auth.registry };
  return Buffer.from(JSON.stringify(json)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
