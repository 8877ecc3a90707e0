import type { Diagnostic } from '../../../core/diagnostic.ts';
import { type Finding, findingsOf, toDiagnostics, wholeText, yamlDiagnostics } from '../../rule/judge.ts';
import { isPythonMap, type PythonMap, showPython } from '../../rule/python-value.ts';
import { readPythonYaml } from '../../rule/python-yaml.ts';
import { isUserData } from '../../user-data/part-types.ts';
import { renderTemplate, TemplateFailure } from '../../user-data/template.ts';
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
  if (kind === undefined) return { diagnostics: [unknownHeader(file, text)], isOpen: isUserData(text) };
  if (kind === 'a Jinja template') return judgeTemplate(file, text);
  if (kind === 'a cloud-config') return judgeCloudConfig(file, text);
  const note = wholeText(file, 'info', 'not-checked', `is ${kind}; cloud-init's schema does not look into it`);
  return { diagnostics: [note], isOpen: true };
}

function closed(...diagnostics: readonly Diagnostic[]): Verdict {
  return { diagnostics, isOpen: false };
}

function unknownHeader(file: string, text: string): Diagnostic {
  const message = isUserData(text)
    ? "cloud-init's schema refuses what begins so, though cloud-init takes it"
    : 'cloud-init knows no user-data that begins so';
  const more = text.startsWith('\ufeff') ? ': it begins with a byte order mark' : '';
  return wholeText(file, 'error', 'unknown-header', message + more, 'the first line must be: #cloud-config');
}

/** A template is filled in with what a host without a datasource knows, as `cloud-init schema` does on a workstation. */
function judgeTemplate(file: string, text: string): Verdict {
  const fail = (code: string, message: string, hint?: string): Verdict =>
    closed(wholeText(file, 'error', code, message, hint));
  const [head = ''] = text.split('\n', 1);
  if (!/^##\s*template:\s*jinja\s*$/i.test(head))
    return fail('unknown-header', 'a Jinja template begins with the line "## template: jinja", and nothing before it');
  try {
    const rendered = renderTemplate(text, sampleData, longestRenderMs);
    const kind = userDataKind(rendered.text);
    const note = wholeText(file, 'info', 'template', 'is checked as it is filled in on a host without a datasource');
    if (kind === undefined)
      return fail('unknown-header', 'cloud-init knows no user-data that begins as the second line does');
    if (kind !== 'a cloud-config') return closed(note);
    return closed(note, ...judgeCloudConfig(file, rendered.text).diagnostics);
  } catch (error) {
    if (!(error instanceof TemplateFailure)) throw error;
    // Jinja itself has more filters, and more kinds of blocks.
    if (isBeyondUs.test(error.message) || (/^Parser Error/.test(error.message) && hasMoreSyntax.test(text)))
      return closed(wholeText(file, 'info', 'not-checked', 'is a template that can be filled in on the host only'));
    return closed({
      ...wholeText(file, 'error', 'template', `cannot be filled in: ${error.message}`),
      line: lineOfName(text, error.message),
    });
  }
}

/** The first line between marks of Jinja with what a message names in quotes; else the first line of all. */
function lineOfName(text: string, message: string): number {
  const name = /"([^"]+)"/.exec(message)?.[1]?.split('.').at(-1);
  const lines = text.split(/\r\n?|\n/);
  const at = lines.findIndex((line) => name !== undefined && /\{[{%]/.test(line) && line.includes(name));
  return Math.max(0, at) + 1;
}

/** A template of a config takes milliseconds; whoever checks many texts must not wait for one that does not end. */
const longestRenderMs = 800;

/** What the library says of parts of Jinja that it does not have. */
const isBeyondUs =
  /^Unknown \w+ filter|not currently supported|^Unknown (?:filter|test)|^Unknown statement type: (?:with|block|autoescape)$|^there is no function "(?:dict|lipsum|cycler|joiner)"|^Object keys must be strings/;
/** Tests with a value, loops that call themselves, and numbers in other forms: the library's parser stops at them. */
const hasMoreSyntax =
  /\bis\s+(?:not\s+)?(?:divisibleby|sameas|eq|equalto|ne|g[et]|l[et]|greaterthan|lessthan|in)\b\s*[\w('"[{]|\brecursive\s*-?%\}|\b\d+(?:_\d|e[+-]?\d|[xob][\da-f])/i;

const standard = {
  availability_zone: null,
  'availability-zone': null,
  cloud_id: 'none',
  cloud_name: 'none',
  'cloud-name': 'none',
  distro: 'debian',
  distro_release: 'sid',
  distro_version: 'n/a',
  instance_id: 'iid-datasource-none',
  'instance-id': 'iid-datasource-none',
  kernel_release: '6.12.0',
  local_hostname: 'localhost',
  'local-hostname': 'localhost',
  machine: 'x86_64',
  platform: 'none',
  public_ssh_keys: [],
  python_version: '3.14.0',
  region: null,
  subplatform: 'config',
  system_platform: 'Linux',
  variant: 'debian',
};
/**
 * Names of https://docs.cloud-init.io/en/latest/explanation/instancedata.html, as on a host without a datasource. What stands
 * under `_doc` has ": " where cloud-init's has it, for that makes a mapping of a text.
 */
const sampleData = {
  ...standard,
  v1: standard,
  ds: { _doc: 'EXPERIMENTAL: data of the datasource', meta_data: {} },
  merged_cfg: { _doc: 'DEPRECATED: it is merged_system_cfg today' },
  merged_system_cfg: { _doc: 'the configuration of cloud-init' },
  sys_info: { platform: 'Linux', python: '3.14.0', release: '6.12.0', system: 'Linux', variant: 'debian' },
  base64_encoded_keys: [],
  sensitive_keys: [],
};

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
