import { createInterface } from 'node:readline';
import { messageOf } from '../../src/core/errors.ts';
import { type Case, type Kind, kinds } from './kinds.ts';

/**
 * Answers questions of the reference implementations' test suites: one JSON case a line in, one JSON line out,
 * `{"result": …}`, `{"error": "text"}` or `{"skip": "why"}`. Run: `node test/known-answers/adapter.ts`.
 */
async function answer(line: string): Promise<string> {
  const question = JSON.parse(line) as Case;
  const kind: Kind | undefined = kinds.get(question.kind ?? 'version');
  if (kind === undefined) return JSON.stringify({ skip: `unknown kind ${question.kind ?? ''}` });
  if (typeof kind === 'string') return JSON.stringify({ skip: kind });
  try {
    return resultLine(await kind(question));
  } catch (error) {
    return JSON.stringify({ error: messageOf(error) });
  }
}

/** Whole numbers beyond 2^53 are written with all their digits. */
function resultLine(result: unknown): string {
  const isLarge = typeof result === 'number' && Number.isInteger(result) && !Number.isSafeInteger(result);
  return `{"result":${isLarge ? BigInt(result).toString() : JSON.stringify(result)}}`;
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() !== '') process.stdout.write(`${await answer(line)}\n`);
}
