import { either, list, oneOf, opaqueMap } from '../shape.ts';
import { command, textList } from './command-shapes.ts';
import { type ComposeShape, converted, listOf, oneOrList, orAbsent, plain, shortOr } from './compose-shape.ts';
import { ulimits } from './limit-shapes.ts';
import { fileReferences } from './mount-shapes.ts';
import { environment, extraHosts, labels } from './pair-shapes.ts';
import { recordOf } from './record-of.ts';
import { bytes, parsed, text, textOrNumber, textOrTruth, truth } from './scalar-shapes.ts';

/** Keys that Berth does not run, in the form they take in a Compose project: checked only where a whole project is loaded. */

const keys: ComposeShape<unknown> = plain(either(list(text), opaqueMap));

export interface Build {
  readonly context?: string;
  readonly dockerfile?: string;
  readonly dockerfile_inline?: string;
  readonly platforms?: readonly string[];
  readonly secrets?: readonly { readonly source: string }[];
  readonly [other: string]: unknown;
}

const textOptions = ['context', 'dockerfile', 'dockerfile_inline', 'network', 'target', 'isolation'];
const listOptions = ['cache_from', 'cache_to', 'tags', 'platforms', 'entitlements'];
const truthOptions = ['no_cache', 'pull', 'privileged'];

const longBuild: ComposeShape<Build> = recordOf<Record<string, unknown>>({
  noun: 'build',
  fields: {
    ...shapeEach(textOptions, text),
    ...shapeEach(listOptions, textList),
    ...shapeEach(truthOptions, truth),
    ...shapeEach(['provenance', 'sbom'], textOrTruth),
    args: environment,
    labels,
    additional_contexts: labels,
    extra_hosts: extraHosts,
    no_cache_filter: oneOrList(text),
    secrets: fileReferences,
    shm_size: bytes,
    ssh: keys,
    ulimits,
  },
});

function shapeEach(names: readonly string[], shape: ComposeShape<unknown>): Record<string, ComposeShape<unknown>> {
  return Object.fromEntries(names.map((name) => [name, shape]));
}

/** How an image is built: a directory, or all of it. */
export const build = shortOr<Build>(
  parsed(
    (context) => ({ context }),
    (value) => value,
  ),
  longBuild,
);

interface Hook {
  readonly command: readonly string[];
  readonly user?: string;
  readonly privileged?: boolean;
  readonly working_dir?: string;
  readonly environment?: Readonly<Record<string, string | null>>;
}

/** Commands around the start and the stop of a service. */
export const hooks = listOf(
  recordOf<Hook>({
    noun: 'a hook',
    fields: { command, user: text, privileged: truth, working_dir: text, environment },
    required: ['command'],
  }),
);

interface Watch {
  readonly path: readonly string[];
  readonly action: string;
  readonly target?: string;
  readonly ignore?: readonly string[];
  readonly include?: readonly string[];
  readonly exec?: unknown;
  readonly initial_sync?: boolean;
}

/** What to do with the service when a file of its source changes. */
export const develop = orAbsent(
  recordOf<{ readonly watch?: readonly Watch[] }>({
    noun: 'develop',
    fields: {
      watch: listOf(
        recordOf<Watch>({
          noun: 'a watch rule',
          fields: {
            path: oneOrList(text),
            action: plain(oneOf(['rebuild', 'sync', 'restart', 'sync+restart', 'sync+exec'])),
            target: text,
            ignore: oneOrList(text),
            include: oneOrList(text),
            exec: plain(opaqueMap),
            initial_sync: truth,
          },
          required: ['path', 'action'],
        }),
      ),
    },
  }),
);

/** The service whose declaration this one continues. */
export const extendsShape = shortOr<{ readonly service: string; readonly file?: string }>(
  parsed(
    (service) => ({ service }),
    (value) => value,
  ),
  recordOf<{ readonly service: string; readonly file?: string }>({
    noun: 'extends',
    fields: { service: text, file: text },
    required: ['service'],
  }),
);

/** Names of AI models, or a mapping from them to settings. */
export const models: ComposeShape<unknown> = plain(either(list(text), opaqueMap));

/** `all`, or a list of device requests. */
export const gpus: ComposeShape<unknown> = converted(
  either(textOrNumber, list(opaqueMap)),
  (value) => value,
  (value) => value,
);
