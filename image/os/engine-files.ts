import { defaultEngineOptions, emptyHostConfig } from '../../src/config/host-config.ts';
import type { EngineBinaries } from '../../src/engine/binaries.ts';
import { daemonConfig } from '../../src/engine/daemon-config.ts';
import {
  containerdArguments,
  containerdConfigText,
  dockerdArguments,
  type EngineSpec,
} from '../../src/engine/engine-spec.ts';

/** Where the host's agent keeps the system engine; the same as in `root/usr/lib/berth/start-engine`. */
const places = {
  stateDir: '/var/lib/berth/system-engine',
  runDir: '/run/berth/system',
  socket: '/run/berth/system/docker.sock',
} as const;

/**
 * What the boot starts the system engine with before the agent is there, so that the agent adopts it: file name → text.
 * @param dockerVersion version of Debian's docker.io package.
 */
export function engineFiles(dockerVersion: string): ReadonlyMap<string, string> {
  const binaries: EngineBinaries = {
    dockerd: '/usr/sbin/dockerd',
    containerd: '/usr/bin/containerd',
    runc: '/usr/sbin/runc',
    path: '/usr/sbin:/usr/bin',
    libraryPath: '',
    // `dockerd --version` says it without Debian's revision.
    version: dockerVersion.replace(/^\d+:/, '').replace(/-[^-]*$/, ''),
  };
  const config = daemonConfig(defaultEngineOptions, emptyHostConfig.connectivity, 'system');
  const spec: EngineSpec = { role: 'system', ...places, binaries, config, containerd: { kind: 'own' } };
  const lines = (items: readonly string[]) => `${items.join('\n')}\n`;
  return new Map([
    ['binaries.json', `${JSON.stringify(binaries, null, 2)}\n`],
    ['containerd.arguments', lines(containerdArguments(spec))],
    ['containerd.toml', containerdConfigText],
    ['daemon.json', `${JSON.stringify(config, null, 2)}\n`],
    ['dockerd.arguments', lines(dockerdArguments(spec))],
    ['dockerd.started.json', startedText(spec)],
  ]);
}

/** As `EngineProcesses` writes it: what the running dockerd was started with. */
function startedText(spec: EngineSpec): string {
  const { binaries, config, proxy } = spec;
  return JSON.stringify({ version: binaries.version, arguments: dockerdArguments(spec), config, proxy });
}
