import type { Diagnostic } from '../../core/diagnostic.ts';
import { partProblem, type UserDataPart } from './part.ts';
import { partTypes } from './part-types.ts';

type Answer = readonly [severity: 'warning' | 'info', message: string, hint?: string];

const answers = new Map<string, Answer>([
  [partTypes.include, ['info', 'what it lists is fetched, and checked, when the host boots']],
  [partTypes.includeOnce, ['info', 'what it lists is fetched, and checked, when the host boots']],
  [partTypes.template, ['info', 'the template is filled in, and checked, when the host boots']],
  [
    partTypes.partHandler,
    [
      'warning',
      'has no effect: it is a program in Python that extends cloud-init, which Berth does not run',
      'write what it makes of its parts as #cloud-config, or as a script',
    ],
  ],
  [
    partTypes.upstartJob,
    [
      'warning',
      'has no effect: there is no upstart on Berth, nor in cloud-init any more',
      'run the program as a service under berth.services',
    ],
  ],
]);

/** What is said of a part that declares nothing by itself. Pure. */
export function partWithoutEffect({ file, type }: UserDataPart): Diagnostic {
  const known = answers.get(type);
  if (known !== undefined) return partProblem(file, known[0], 'unsupported', known[1], known[2]);
  const isPlain = type === 'text/plain' || type === 'text/x-not-multipart';
  const what = isPlain
    ? 'begins with no header that cloud-init knows'
    : `is of the type ${type}, which means nothing here`;
  const hint = 'begin a config with #cloud-config, a script with #!/bin/sh';
  return partProblem(file, 'warning', 'unknown-part', `${what}; it is ignored`, hint);
}
