import { BerthError, type ErrorCode, isBerthError, messageOf } from '../core/errors.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly hint?: string;
}

/** Messages that mean more than their status. The engine passes on what the kernel, libnetwork, runc and registries say. */
const messages: readonly (Meaning & { readonly text: RegExp })[] = [
  {
    text: /port is already allocated|address already in use/i,
    code: 'PORT_TAKEN',
    retryable: true,
    hint: 'another program listens there: stop it or publish another port',
  },
  {
    text: /no space left on device|disk quota exceeded/i,
    code: 'DISK_FULL',
    retryable: true,
    hint: 'free space where the engine keeps its data',
  },
  {
    text: /no such image|manifest (for .* not found|unknown)|pull access denied|repository does not exist|name unknown/i,
    code: 'IMAGE_NOT_FOUND',
    retryable: false,
  },
  // A program missing in the image is answered with 404 or 400, by version: it must not read as "no such container".
  {
    text: /OCI runtime|failed to create (shim )?task|executable file not found/i,
    code: 'ENGINE_REFUSED',
    retryable: false,
  },
  // Of a container that is created or started: the container is there, so this must not read as NOT_FOUND either.
  { text: /network \S+ not found|could not find a network/i, code: 'ENGINE_REFUSED', retryable: false },
  { text: /has active endpoints/i, code: 'ENGINE_CONFLICT', retryable: true },
];

/** Answers by status, where no message said more. */
const statuses: Readonly<Record<number, Meaning>> = {
  404: { code: 'NOT_FOUND', retryable: false },
  409: { code: 'ENGINE_CONFLICT', retryable: false },
};

const brokenConnection = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** What the engine answered with an error status, in our own words. `what` says what was tried: "create container web". Pure. */
export function refusal(status: number, said: string, what: string): BerthError {
  const serverFault: Meaning = { code: 'ENGINE_REFUSED', retryable: status >= 500 };
  const meaning = meaningOf(said) ?? statuses[status] ?? serverFault;
  return describe(meaning, `${what}: ${said}`, { status });
}

/** A request that got no (whole) answer. Pure. @returns CANCELLED when the caller's signal was the reason. */
export function connectionError(error: unknown, what: string, signal?: AbortSignal): BerthError {
  if (isBerthError(error)) return error;
  if (signal?.aborted === true) return new BerthError('CANCELLED', `${what}: cancelled`, { cause: error });
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const broken = brokenConnection.has(code) || /socket hang up|aborted/.test(messageOf(error));
  return broken
    ? new BerthError('ENGINE_UNREACHABLE', `${what}: the engine does not answer (${messageOf(error)})`, {
        cause: error,
        retryable: true,
      })
    : new BerthError('ENGINE_REFUSED', `${what}: ${messageOf(error)}`, { cause: error });
}

/** A pull that failed, by an error status or by a line of its progress stream. Pure. */
export function pullError(said: string, reference: string, status?: number): BerthError {
  const missing: Meaning = { code: 'IMAGE_NOT_FOUND', retryable: false };
  const failed: Meaning = { code: 'IMAGE_PULL_FAILED', retryable: true };
  const meaning = meaningOf(said);
  const kept = meaning?.code === 'IMAGE_NOT_FOUND' || meaning?.code === 'DISK_FULL' ? meaning : undefined;
  return describe(kept ?? (status === 404 ? missing : failed), `pull ${reference}: ${said}`, { reference });
}

function meaningOf(said: string): Meaning | undefined {
  return messages.find(({ text }) => text.test(said));
}

function describe(meaning: Meaning, message: string, details: Readonly<Record<string, unknown>>): BerthError {
  const hint = meaning.hint === undefined ? {} : { hint: meaning.hint };
  return new BerthError(meaning.code, message, { retryable: meaning.retryable, details, ...hint });
}
