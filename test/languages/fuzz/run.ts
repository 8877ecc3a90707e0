import { readdirSync, readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dialectNames } from '../../../src/config/dialects/table.ts';
import { parseConfig, recognise } from '../../../src/config/parse.ts';
import { validateConfig } from '../../../src/config/validate.ts';
import { seededRandom } from '../../support/random.ts';
import { mutateText } from '../cloud-init/mutations.ts';
import { pick } from '../cloud-init/samples.ts';

/** What came of a run; the last line on standard output. */
export interface FuzzResult {
  readonly cases: number;
  /** Of the texts those whose first line still tells a language. */
  readonly recognised: number;
  readonly slowestMs: number;
  readonly slowest: string;
  readonly peakMegabytes: number;
  /** Of the branches of src/config those that were taken. */
  readonly branchShare: number;
}

const repository = join(import.meta.dirname, '../../..');

/** Texts of every language, the long ones in pieces as they would be written by themselves. */
function seeds(): string[] {
  const texts = ['cloud-config', 'test/languages/fuzz/seeds'].flatMap((folder) =>
    readdirSync(join(repository, folder))
      .filter((file) => /\.(yaml|txt|bu|ign)$/.test(file))
      .map((file) => readFileSync(join(repository, folder, file), 'utf8')),
  );
  return texts.flatMap((text) => {
    if (!text.startsWith('#cloud-config\n')) return [text];
    const blocks = text.split(/\n(?=[a-z_-]+:)/).slice(1);
    return blocks.filter((block) => block.length < 3000).map((block) => `#cloud-config\n${block}\n`);
  });
}

/** Some texts as hostile ones are: deep, long, full of references. */
function hostile(random: () => number): string {
  const size = Math.floor(random() * 3000);
  return pick(random, [
    () => `#cloud-config\nusers: ${'['.repeat(size)}`,
    () => `#cloud-config\n${'a: {'.repeat(size)}`,
    () => `#cloud-config\n- ${'- '.repeat(size)}a`,
    () =>
      `#cloud-config\nl: &l [x]\n${Array.from({ length: 9 }, (_, at) => `a${at}: &a${at} [${`*${at === 0 ? 'l' : `a${at - 1}`},`.repeat(9)}]`).join('\n')}\n`,
    () => `#cloud-config\n${Array.from({ length: size }, (_, at) => `k${at}: ${at}`).join('\n')}\n`,
    () => `#cloud-config\nruncmd: ["${'\\x41'.repeat(size)}"]`,
    () => `## template: jinja\n#cloud-config\nhostname: ${'{{ '.repeat(size % 200)}a`,
    () => `#cloud-config\nhostname: ${'a.'.repeat(size)}\nswap: {size: ${'1'.repeat(size)}}\n`,
  ])();
}

function textOf(all: readonly string[], random: () => number): string {
  if (random() < 0.01) return hostile(random);
  let text = pick(random, all);
  if (random() < 0.1) text += pick(random, all).replace('#cloud-config\n', '');
  for (let times = 1 + Math.floor(random() * 4); times > 0; times -= 1) {
    const header = /^[^\n]*\n/.exec(text)?.[0] ?? '';
    // The header is mostly left as it is: what comes after it is what is to be tried.
    text =
      random() < 0.9 ? header + mutateText(text.slice(header.length) || 'a: b\n', random) : mutateText(text, random);
  }
  return text;
}

/** Reads so many mutated texts in every way a caller can. Throws what they throw. */
export function fuzz(count: number, seed: number): Omit<FuzzResult, 'branchShare'> {
  const random = seededRandom(seed);
  const all = seeds();
  let recognised = 0;
  let slowestMs = 0;
  let slowest = '';
  for (let made = 0; made < count; made += 1) {
    const file = { file: 'fuzzed', text: textOf(all, random) };
    const dialect = random() < 0.7 ? 'auto' : pick(random, dialectNames);
    const before = process.cpuUsage();
    if (recognise(file, 'auto') !== undefined) recognised += 1;
    try {
      JSON.stringify(parseConfig([file], { dialect, passwordSeed: 'seed' }).config);
      validateConfig(file, { dialect });
    } catch (error) {
      throw new Error(`case ${made} (dialect ${dialect}):\n${file.text}`, { cause: error });
    }
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    if (ms > slowestMs) [slowestMs, slowest] = [ms, file.text.slice(0, 500)];
  }
  return { cases: count, recognised, slowestMs, slowest, peakMegabytes: process.resourceUsage().maxRSS / 1024 };
}

/** The share of src/config's branches that were taken, as V8 counts them. */
async function coverageOf(session: Session): Promise<number> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const parser = pathToFileURL(join(repository, 'src/config')).href;
  const ranges = result
    .filter(({ url }) => url.startsWith(parser))
    .flatMap(({ functions }) => functions.flatMap(({ ranges: own }) => own));
  return ranges.filter(({ count }) => count > 0).length / ranges.length;
}

if (process.argv[1] === import.meta.filename) {
  const [, , count = '1000', seed = '1'] = process.argv;
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  const result = fuzz(Number(count), Number(seed));
  const branchShare = await coverageOf(session);
  process.stdout.write(`${JSON.stringify({ ...result, branchShare })}\n`);
}
