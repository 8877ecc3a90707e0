import type { HostConfig } from '../config/host-config.ts';
import type { ParseResult } from '../config/parse.ts';
import { type Diagnostic, formatPath } from '../core/diagnostic.ts';

interface EngineKey {
  readonly keys: (config: HostConfig) => readonly string[];
  readonly message: string;
}

/** What Berth tells an engine of its own in its settings and cannot tell another; what goes with each container still does. */
const engineKeys: readonly EngineKey[] = [
  {
    keys: ({ engines }) => (Object.keys(engines.user.daemon).length === 0 ? [] : ['berth.engines.user.daemon']),
    message: "it is not Berth's, and its daemon.json is left alone",
  },
  {
    keys: ({ connectivity }) =>
      Object.entries(connectivity.registries)
        .filter(([, { mirrors, insecure }]) => mirrors.length > 0 || insecure)
        .map(([name]) => formatPath(['berth', 'registries', name])),
    message: "it is not Berth's, and keeps its own mirrors and its own trust in registries (credentials are used)",
  },
  {
    keys: ({ connectivity: { proxy } }) =>
      proxy.http === undefined && proxy.https === undefined ? [] : ['berth.proxy'],
    message: "it is not Berth's, and pulls through its own proxy (containers get the declared one)",
  },
  {
    keys: ({ connectivity }) => (connectivity.caCertificates.length === 0 ? [] : ['berth.ca_certificates']),
    message: "it is not Berth's, and trusts the certificates that it trusts",
  },
];

/**
 * What is right in a config and has no effect on the user engine here, an engine that was there before Berth: a warning each,
 * at its place. Pure.
 */
export function foreignEngineDiagnostics(
  config: HostConfig,
  { sources }: Pick<ParseResult, 'sources'>,
  files: readonly { readonly file: string }[],
): Diagnostic[] {
  return engineKeys.flatMap(({ keys, message }) =>
    keys(config).map((path): Diagnostic => {
      const position = sources().get(path) ?? { file: files[0]?.file ?? '', line: 0, column: 0 };
      const text = `${path} has no effect on the user engine: ${message}`;
      const hint = 'set it in that engine';
      return { ...position, path, severity: 'warning', code: 'not-applied', message: text, hint };
    }),
  );
}
