import type { Dialect, DialectResult, SourceFile } from '../dialects/dialect.ts';
import { HostDraft } from '../host-draft.ts';
import { parseNetworkDocument } from './network-document.ts';
import { judgeNetworkConfig } from './verdict.ts';

/** A network configuration by itself: cloud-init's version 1, or version 2 as netplan's files have it. */
export const networkConfig = {
  name: 'network-config',
  title: 'a network configuration',
  recognises,
  parse,
  judge: judgeNetworkConfig,
} as const satisfies Dialect;

/** What stands beside `version`: devices of version 1, or of a kind. */
const devices =
  'config|ethernets|bonds|bridges|vlans|wifis|modems|tunnels|vrfs|dummy-devices|virtual-ethernets|nm-devices';

/** By its name, as the NoCloud datasource has it, or by keys at its beginning that no other language has together. */
function recognises(text: string, file: string): boolean {
  if (/(^|\/)network-config(\.ya?ml)?$/.test(file)) return true;
  if (/^#cloud-config/i.test(text.trimStart())) return false;
  const body = text.slice(0, 65_536);
  const [, indent, first] = /^(?: *(?:#.*|---.*)?\r?\n)*( *)(\S.*)/.exec(body) ?? [];
  if (indent === undefined || first === undefined) return false;
  if (first.startsWith('{')) return isJson(body);
  if (/^network\s*:/.test(first)) return true;
  const has = (keyAndValue: string): boolean => new RegExp(`^${indent}${keyAndValue}`, 'm').test(body);
  return has('version\\s*:\\s*[12]\\s*(#.*)?$') && has(`(${devices})\\s*:`);
}

/** The same keys in JSON. */
function isJson(body: string): boolean {
  if (/^\s*\{\s*"network"\s*:/.test(body)) return true;
  return /"version"\s*:\s*[12]\b/.test(body) && new RegExp(`"(${devices})"\\s*:`).test(body);
}

function parse(files: readonly SourceFile[]): DialectResult {
  const draft = new HostDraft();
  const diagnostics = files.flatMap(({ file, text }) => {
    const result = parseNetworkDocument({ file, text, format: 'cloud-init' });
    if (result.network !== undefined) Object.assign(draft.config, { network: structuredClone(result.network) });
    return result.diagnostics;
  });
  return { config: draft.config, diagnostics, sources: () => new Map() };
}
