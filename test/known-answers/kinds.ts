import type { ComposeFile, ComposeProject, LoadOptions } from '../../src/config/compose/load.ts';
import type { DocumentPath } from '../../src/core/diagnostic.ts';

/** One question. Which fields there are depends on its kind. */
export interface Case {
  readonly kind?: string;
  readonly input?: unknown;
  readonly env?: Readonly<Record<string, string | null>>;
  readonly casts?: readonly string[];
  readonly files?: readonly { readonly name: string; readonly content: string }[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly expr?: string;
  readonly seconds_field?: boolean;
  readonly fields?: number;
  readonly tz?: string;
  readonly from?: string;
  readonly at?: string;
  readonly n?: number;
  readonly a?: string;
  readonly b?: string;
}

/** Answers one question, or the reason why it is skipped. Throws where the reference reports an error. */
export type Kind = ((question: Case) => Promise<unknown>) | string;

/** By kind of question; each loads only the modules it needs. */
export const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['template', answerTemplate],
  ['interpolate', answerInterpolate],
  ['dotenv', answerDotenv],
  ['port_short', answerPort],
  ['volume_short', answerVolume],
  ['merge', answerMerge],
  ['schema', answerSchema],
  ['load', answerLoad],
  ['RAMInBytes', async ({ input }) => (await import('../../src/config/compose/units.ts')).parseBytes(String(input))],
  [
    'FromHumanSize',
    async ({ input }) => (await import('../../src/config/compose/units.ts')).fromHumanSize(String(input)),
  ],
  ['next', async (question) => (await answerNext({ ...question, n: 1 }))[0] ?? null],
  ['next_n', answerNext],
  ['prev', answerPrevious],
  ['fires_at', answerFiresAt],
  ['valid', answerValid],
  ['invalid', answerValid],
  ['systemd_timespan', 'time spans in the notation of systemd are not read yet'],
  ['version', async ({ a = '', b = '' }) => (await import('../../src/core/release-version.ts')).compareVersions(a, b)],
]);

async function answerTemplate({ input, env = {} }: Case): Promise<unknown> {
  const { substitute } = await import('../../src/config/compose/template.ts');
  return substitute(String(input), env).text;
}

async function answerInterpolate({ input, env = {}, casts = [] }: Case): Promise<unknown> {
  const { interpolateStrictly } = await import('../../src/config/compose/interpolate.ts');
  return cast(interpolateStrictly(input, env), casts, []);
}

/** Below `*.replicas` and its like, text becomes the number or truth value it spells. */
function cast(value: unknown, patterns: readonly string[], path: DocumentPath): unknown {
  if (Array.isArray(value)) return value.map((item, index) => cast(item, patterns, [...path, index]));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cast(item, patterns, [...path, key])]));
  }
  const isCast = patterns.some((pattern) => {
    const parts = pattern.split('.');
    return parts.length === path.length && parts.every((part, index) => part === '*' || part === String(path[index]));
  });
  return isCast && typeof value === 'string' && /^(true|false|-?\d+(\.\d+)?)$/.test(value) ? JSON.parse(value) : value;
}

async function answerDotenv({ input, env = {} }: Case): Promise<unknown> {
  const { parseDotenv } = await import('../../src/config/compose/dotenv.ts');
  return parseDotenv(String(input), env);
}

async function answerPort({ input }: Case): Promise<unknown> {
  const { parsePortShort } = await import('../../src/config/compose/port.ts');
  return parsePortShort(String(input));
}

async function answerVolume({ input }: Case): Promise<unknown> {
  const { parseVolumeShort } = await import('../../src/config/compose/volume.ts');
  const { printMount } = await import('../../src/config/compose/mount-shapes.ts');
  return printMount(parseVolumeShort(String(input)));
}

type Tree = Record<string, unknown>;

async function answerMerge({ input }: Case): Promise<unknown> {
  const { mergeCompose } = await import('../../src/config/compose/merge.ts');
  const { base, override } = input as { base: Tree; override: Tree };
  return mergeCompose(base, override);
}

async function answerSchema({ input }: Case): Promise<unknown> {
  await load(
    [{ name: 'compose.yaml', content: JSON.stringify(input) }],
    {},
    { projectName: 'schema', skipConsistencyCheck: true },
  );
  return 'valid';
}

async function answerLoad({ files = [], env = {}, options = {} }: Case): Promise<unknown> {
  const { projectName, Profiles: profiles } = options;
  const project = await load(files, env, {
    ...(typeof projectName === 'string' ? { projectName } : {}),
    ...(Array.isArray(profiles) ? { profiles: profiles.map(String) } : {}),
    ...(options['ResolvePaths'] === true ? { workingDirectory: '' } : {}),
    skipConsistencyCheck: options['SkipConsistencyCheck'] === true,
    skipNormalization: options['SkipNormalization'] === true,
    skipInterpolation: options['SkipInterpolation'] === true,
    otherFiles: Object.fromEntries(files.map(({ name, content }) => [name, content])),
  });
  return project.printed;
}

async function load(
  files: readonly ComposeFile[],
  env: Readonly<Record<string, string | null>>,
  options: LoadOptions,
): Promise<ComposeProject> {
  const { loadComposeProject } = await import('../../src/config/compose/load.ts');
  return loadComposeProject(files, env, options);
}

/** robfig/cron writes seconds first, croniter last. */
async function parseExpression({ expr = '', seconds_field: secondsFirst = false, fields }: Case) {
  const { parseCron } = await import('../../src/core/schedule/cron.ts');
  if (fields !== 6) return parseCron(expr, { seconds: secondsFirst });
  const parts = expr.trim().split(/\s+/);
  return parseCron([...parts.slice(-1), ...parts.slice(0, -1)].join(' '), { seconds: true });
}

async function answerNext(question: Case): Promise<(string | null)[]> {
  const { nextTime } = await import('../../src/core/schedule/cron.ts');
  const schedule = await parseExpression(question);
  const times: (string | null)[] = [];
  let from = Date.parse(question.from ?? '');
  for (let index = 0; index < (question.n ?? 1); index += 1) {
    const next = nextTime(schedule, from, question.tz ?? 'UTC');
    times.push(isoTime(next));
    from = next ?? from;
  }
  return times;
}

async function answerPrevious(question: Case): Promise<unknown> {
  const { previousTime } = await import('../../src/core/schedule/cron.ts');
  return isoTime(previousTime(await parseExpression(question), Date.parse(question.from ?? ''), question.tz ?? 'UTC'));
}

async function answerFiresAt(question: Case): Promise<unknown> {
  const { firesAt } = await import('../../src/core/schedule/cron.ts');
  return firesAt(await parseExpression(question), Date.parse(question.at ?? ''), question.tz ?? 'UTC');
}

async function answerValid(question: Case): Promise<unknown> {
  await parseExpression(question);
  return true;
}

function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString().replace('.000Z', 'Z');
}
