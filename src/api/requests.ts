import type {
  ApplyOptions,
  ApplyRequest,
  ConfigText,
  LedgerQuery,
  Operator,
  ServiceLogOptions,
} from '../agent/agent-service.ts';
import type { UpdateOptions } from '../agent/update-service.ts';
import { BerthError } from '../core/errors.ts';
import { isVersion } from '../core/release-version.ts';
import type { Pin } from '../update/machine/update-memory.ts';

type Fields = Readonly<Record<string, unknown>>;
type Query = Readonly<Record<string, unknown>>;

/** The request body of `/v1/apply`. Throws USAGE, naming the property. */
export function readApply(body: unknown): { request: ApplyRequest; options: ApplyOptions } {
  const fields = readObject(body, 'the body');
  const timeoutMs = readInteger(fields['timeoutMs'], 'timeoutMs');
  const wait = fields['wait'];
  if (typeof wait !== 'boolean') throw wrong('wait', 'true or false');
  return {
    request: readApplyRequest(fields['request'], 'request'),
    options: {
      ...readOperator(fields),
      timeoutMs,
      wait,
      ...optional('destroy', readTexts(fields['destroy'], 'destroy')),
    },
  };
}

/** `{files: [{file, text}]}`, `{generation}` or `{set: {key, value}}`. Throws USAGE. */
export function readApplyRequest(value: unknown, name = 'the body'): ApplyRequest {
  const fields = readObject(value, name);
  if ('generation' in fields) return { generation: readInteger(fields['generation'], 'generation') };
  if ('set' in fields) {
    const { key, value } = readObject(fields['set'], 'set');
    return { set: { key: readText(key, 'set.key'), ...(value === undefined ? {} : { value }) } };
  }
  const files = fields['files'];
  if (!Array.isArray(files) || files.length === 0) throw wrong(name, '{files: [{file, text}, …]} or {generation: N}');
  return { files: files.map(readConfigText) };
}

function readTexts(value: unknown, name: string): string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw wrong(name, 'a list of texts');
  return value.map((entry) => readText(entry, name));
}

/** Who and with what command. Throws USAGE. */
export function readOperator(value: unknown): Operator {
  const fields = readObject(value, 'the body');
  return { who: readText(fields['who'], 'who'), command: readText(fields['command'], 'command') };
}

/** Whether the health gate counts. Throws USAGE. */
export function readBless(value: unknown): { readonly manual: boolean } {
  const { manual } = readObject(value, 'the body');
  if (typeof manual !== 'boolean') throw wrong('manual', 'true or false');
  return { manual };
}

/** Which release, and from where. Throws USAGE. */
export function readUpdateOptions(value: unknown): UpdateOptions {
  const { to, from } = readObject(value, 'the body');
  return {
    ...optional('to', to === undefined ? undefined : readText(to, 'to')),
    ...optional('from', from === undefined ? undefined : readText(from, 'from')),
  };
}

/** The request body of `POST /v1/os/update`. Throws USAGE. */
export function readUpdate(value: unknown): UpdateOptions & { readonly stageOnly: boolean } {
  const { stageOnly } = readObject(value, 'the body');
  if (typeof stageOnly !== 'boolean') throw wrong('stageOnly', 'true or false');
  return { ...readUpdateOptions(value), stageOnly };
}

/** Throws USAGE. */
export function readPin(value: unknown): Pin {
  const { version, until } = readObject(value, 'the body');
  const pinned = version === undefined ? undefined : readText(version, 'version');
  if (pinned !== undefined && !isVersion(pinned)) throw wrong('version', 'one like 1.4: it begins with a digit');
  return { ...optional('version', pinned), ...optional('untilMs', readMoment(until, 'until')) };
}

/** Who postpones restarts, why, and for how long. Throws USAGE. */
export function readInhibitor(value: unknown): { readonly who: string; readonly why: string; readonly forMs: number } {
  const { why, forMs } = readObject(value, 'the body');
  return { who: readName(value), why: readText(why, 'why'), forMs: readInteger(forMs, 'forMs') };
}

/** Throws USAGE. */
export function readName(value: unknown): string {
  return readText(readObject(value, 'the body')['name'], 'name');
}

/** Why the release is taken away, may be empty; `force`: past volumes that go forward only. Throws USAGE. */
export function readRollback(value: unknown): { readonly reason: string; readonly force: boolean } {
  const { reason, force = false } = readObject(value, 'the body');
  if (typeof force !== 'boolean') throw wrong('force', 'true or false');
  return { reason: readText(reason, 'reason'), force };
}

/** `?limit=&subject=&since=`. Throws USAGE. */
export function readLedgerQuery(query: Query): LedgerQuery {
  const { subject } = query;
  return {
    limit: readCount(query['limit'], 'limit') ?? 100,
    ...(subject === undefined ? {} : { subject: readText(subject, 'subject') }),
    ...optional('since', readMoment(query['since'])),
  };
}

/** `?follow=true&tail=&since=`. Throws USAGE. */
export function readLogQuery(query: Query): ServiceLogOptions {
  const tail = readCount(query['tail'], 'tail');
  return {
    follow: query['follow'] === 'true',
    ...optional('tail', tail),
    ...optional('since', readMoment(query['since'])),
  };
}

/** A generation's number from a path. Throws USAGE. */
export function readGenerationNumber(value: string): number {
  const number = readCount(value, 'the generation');
  if (number === undefined) throw wrong('the generation', 'a number');
  return number;
}

function readConfigText(value: unknown): ConfigText {
  const fields = readObject(value, 'files[]');
  return { file: readText(fields['file'], 'files[].file'), text: readText(fields['text'], 'files[].text') };
}

function readObject(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(name, 'a JSON object');
  return value as Fields;
}

function readText(value: unknown, name: string): string {
  if (typeof value !== 'string') throw wrong(name, 'a string');
  return value;
}

function readInteger(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw wrong(name, 'a whole number');
  return value;
}

function readCount(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^\d{1,9}$/.test(value)) throw wrong(name, 'a whole number');
  return Number(value);
}

/** @returns milliseconds since the epoch. */
function readMoment(value: unknown, name = 'since'): number | undefined {
  if (value === undefined) return undefined;
  const moment = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(moment)) throw wrong(name, 'an ISO 8601 time');
  return moment;
}

function optional<Name extends string, T>(name: Name, value: T | undefined): { [Key in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: T };
}

function wrong(name: string, expected: string): BerthError {
  return new BerthError('USAGE', `${name} must be ${expected}`);
}
