import type { Diagnostic } from '../../../core/diagnostic.ts';
import { type Finding, findingsOf, toDiagnostics, wholeText, yamlDiagnostics } from '../../rule/judge.ts';
import { isPythonMap, type PythonMap, showPython } from '../../rule/python-value.ts';
import { readPythonYaml } from '../../rule/python-yaml.ts';
import type { SourceFile, Verdict } from '../dialect.ts';
import { cloudConfigRule } from './schema/schema.ts';
import { userDataKind } from './user-data-type.ts';

/**
 * What `cloud-init schema` says about user-data: what it rejects is an error, what it calls deprecated a warning. It looks
 * into cloud-configs only, and accepts an empty text. Pure; never throws.
 */
export function judgeUserData({ file, text }: SourceFile): Verdict {
  if (text === '') return closed(wholeText(file, 'info', 'empty', 'is empty, so it declares nothing'));
  const kind = userDataKind(text);
  if (kind === undefined) {
    const isMarked = text.startsWith('\ufeff');
    const message = `cloud-init knows no user-data that begins so${isMarked ? ': it begins with a byte order mark' : ''}`;
    return closed(wholeText(file, 'error', 'unknown-header', message, 'the first line must be: #cloud-config'));
  }
  if (kind === 'a Jinja template') return judgeTemplate(file, text);
  if (kind === 'a cloud-config') return judgeCloudConfig(file, text);
  return closed(wholeText(file, 'info', 'not-checked', `is ${kind}; cloud-init's schema does not look into it`));
}

function closed(...diagnostics: readonly Diagnostic[]): Verdict {
  return { diagnostics, isOpen: false };
}

/** What is filled in is known on the host only: a template that fills in nothing can be looked into. */
function judgeTemplate(file: string, text: string): Verdict {
  const [head = ''] = text.split('\n', 1);
  if (!/^## template: *jinja *$/i.test(head)) {
    const message = 'the first line of a Jinja template is "## template: jinja", and nothing stands before it';
    return closed(wholeText(file, 'error', 'unknown-header', message));
  }
  const body = text.slice(head.length);
  const kind = userDataKind(body);
  if (kind === undefined || kind === 'a Jinja template') {
    const message = 'cloud-init knows no user-data that begins as the second line does';
    const [header] = [wholeText(file, 'error', 'unknown-header', message, 'the second line must be: #cloud-config')];
    return closed({ ...header, line: 2 });
  }
  if (kind === 'a cloud-config' && !/\{[{%#]/.test(body)) return judgeCloudConfig(file, text);
  return closed(wholeText(file, 'info', 'not-checked', 'is a template; what it becomes is known on the host only'));
}

function judgeCloudConfig(file: string, text: string): Verdict {
  const yaml = readPythonYaml(text);
  if (yaml.value === undefined) return { diagnostics: yamlDiagnostics(file, yaml), isOpen: false };
  const findings = isPythonMap(yaml.value)
    ? checkConfig(yaml.value)
    : [notMapping(`expected a mapping of keys to values, found ${showPython(yaml.value)}`)];
  return { diagnostics: toDiagnostics(file, yaml, findings), isOpen: true };
}

function notMapping(message: string): Finding {
  return { severity: 'error', path: [], code: 'wrong-type', message };
}

/** The block `berth` is Berth's own: cloud-init knows nothing of it. */
function checkConfig(value: PythonMap): Finding[] {
  const known = new Map([...value].filter(([key]) => key !== 'berth'));
  return findingsOf(cloudConfigRule, known).map((finding) => {
    const [key] = finding.path;
    const why = finding.path.length === 1 && finding.code === 'unknown-key' ? unknownKeys.get(String(key)) : undefined;
    return why === undefined ? finding : { ...finding, ...why };
  });
}

const unknownKeys = new Map<string, { readonly message: string; readonly hint: string }>([
  [
    'network',
    {
      message: 'cloud-init takes no "network" from user-data, only from the datasource',
      hint: 'move it under "berth"',
    },
  ],
  [
    'datasource',
    {
      message: '"datasource" belongs into the configuration of cloud-init itself, not into user-data',
      hint: 'remove the key: Berth finds the datasource by itself',
    },
  ],
]);
