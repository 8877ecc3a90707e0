import { hostname } from 'node:os';
import type { UpdateConfig } from '../../config/host-config.ts';
import type { RebootPolicy } from './decide-reboot.ts';
import { FilePermit } from './file-permit.ts';
import { Inhibitors } from './inhibitors.ts';
import { KeptPermit, type KeptPermitDependencies } from './kept-permit.ts';
import { notifyUsers } from './notice.ts';
import type { RebootPermit } from './permit.ts';
import { PermitMemory } from './permit-memory.ts';
import { RebootKeeper, type RebootKeeperDependencies } from './reboot-keeper.ts';

export interface RebootsOptions
  extends Pick<
      RebootKeeperDependencies,
      'staged' | 'isBlessed' | 'hooks' | 'runHook' | 'reboot' | 'clock' | 'random' | 'onProblem'
    >,
    Pick<KeptPermitDependencies, 'running' | 'events' | 'note'> {
  readonly stateDirectory: string;
  /** No other host has it: the machine id. */
  readonly hostId: string;
  /** What is declared now. */
  readonly config: () => UpdateConfig;
  /** Where something should be mounted above a path, and is not. */
  readonly missingMount: (path: string) => Promise<string | undefined>;
  /** Says a line on the machine's console. */
  readonly say: (line: string) => void;
}

/** What a host's restarts are made of. */
export interface Reboots {
  /** `run` it; `wake` it when config, staged release or blessing changed. */
  readonly keeper: RebootKeeper;
  /** Who postpones restarts. The keeper hears of changes by itself. */
  readonly inhibitors: Inhibitors;
  /** Wake the keeper when nothing keeps it any more. */
  readonly keptPermit: Pick<KeptPermit, 'why' | 'excuse'>;
}

/** Puts together what decides on this host's restarts and carries them out. Throws when inhibitors or the last permit cannot be read. */
export async function openReboots(options: RebootsOptions): Promise<Reboots> {
  const { stateDirectory, hostId, config, say, clock } = options;
  const inhibitors = await Inhibitors.open(stateDirectory, clock, () => keeper.wake());
  const memory = await PermitMemory.open(stateDirectory);
  const keptPermit = new KeptPermit({ ...options, memory, declaredPath: () => config().permit?.path });
  const wanted = (): readonly string[] => {
    const release = options.staged();
    const failed = memory.releases.filter((version) => keptPermit.counts(version));
    return release === undefined || release.what !== undefined ? failed : [...failed, release.version];
  };
  const permitAt = (path: string): RebootPermit =>
    memory.remembering(
      path,
      new FilePermit({
        ...{ path, host: hostId, name: hostname, clock },
        missingMount: async () => options.missingMount(path),
      }),
      wanted,
    );
  const left = memory.path;
  let permit: { readonly path: string; readonly adapter: RebootPermit } | undefined;
  const keeper: RebootKeeper = new RebootKeeper({
    ...options,
    policy: () => policyOf(config()),
    permit: () => {
      const path = config().permit?.path;
      if (path === undefined) return undefined;
      if (permit?.path !== path) permit = { path, adapter: permitAt(path) };
      return permit.adapter;
    },
    whyPermitStays: async () => keptPermit.tell(),
    leftPermit: left === undefined ? undefined : permitAt(left),
    inhibitors: () => inhibitors.list(),
    notify: notifyUsers(say),
  });
  return { keeper, inhibitors, keptPermit };
}

/** What is declared of restarts. Pure. */
export function policyOf({ strategy, window, maxDeferralSeconds }: UpdateConfig): RebootPolicy {
  return {
    strategy,
    ...(window === undefined ? {} : { window }),
    ...(maxDeferralSeconds === undefined ? {} : { maxDeferralMs: maxDeferralSeconds * 1000 }),
  };
}
