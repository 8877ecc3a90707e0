import { emptyHostConfig } from '../../src/config/host-config.ts';
import type { EngineBinaries } from '../../src/engine/binaries.ts';
import { systemEngineSettings } from '../../src/engine/engine-settings.ts';
import {
  containerdArguments,
  containerdConfigText,
  daemonFile,
  dockerdArguments,
  type EngineSpec,
  startedText,
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
    crun: '/usr/bin/crun',
    path: '/usr/sbin:/usr/bin',
    libraryPath: '',
    // `dockerd --version` says it without Debian's revision.
    version: dockerVersion.replace(/^\d+:/, '').replace(/-[^-]*$/, ''),
  };
  const { daemon: config, proxy, caCertificates } = systemEngineSettings(emptyHostConfig);
  const spec: EngineSpec = {
    role: 'system',
    ...places,
    binaries,
    config,
    proxy,
    caCertificates,
    containerd: { kind: 'own' },
  };
  const lines = (items: readonly string[]) => `${items.join('\n')}\n`;
  return new Map([
    ['binaries.json', `${JSON.stringify(binaries, null, 2)}\n`],
    ['containerd.arguments', lines(containerdArguments(spec))],
    ['containerd.toml', containerdConfigText],
    ['daemon.json', `${JSON.stringify(daemonFile(spec), null, 2)}\n`],
    ['dockerd.arguments', lines(dockerdArguments(spec))],
    ['dockerd.started.json', startedText(spec)],
  ]);
}
