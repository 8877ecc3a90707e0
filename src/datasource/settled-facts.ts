import type { Clock } from '../core/clock.ts';
import { type HostFacts, kernelArgument } from './host-facts.ts';
import { selectDatasource } from './table.ts';

export interface SettledFactsDeps {
  readonly read: () => Promise<HostFacts>;
  /** Whether the drivers of disks and of the firmware's files are loaded. */
  readonly hasDrivers: () => Promise<boolean>;
  readonly clock: Pick<Clock, 'sleep'>;
}

const driversPollMs = 50;
const mostDriverPolls = 1200;
const lookAgainMs = 500;
const mostLooks = 10;
/** Where a cloud is known, this many: its disks do not come later than that, and most machines there have none. */
const mostLooksOnCloud = 3;

/**
 * The facts once they tell of a datasource: drivers are still being loaded when the agent starts, and disks answer some time
 * after their driver. A host that has no datasource is known for one after a few seconds; who says so on the kernel command
 * line is believed at once. Rejects when aborted.
 */
export async function settledFacts(
  { read, hasDrivers, clock }: SettledFactsDeps,
  signal: AbortSignal,
): Promise<HostFacts> {
  for (let poll = 0; poll < mostDriverPolls && !(await hasDrivers()); poll += 1)
    await clock.sleep(driversPollMs, signal);
  for (let look = 1; ; look += 1) {
    const facts = await read();
    if (look === mostLooks || isSettled(facts, look)) return facts;
    await clock.sleep(lookAgainMs, signal);
  }
}

function isSettled(facts: HostFacts, look: number): boolean {
  if (kernelArgument(facts.cmdline, 'berth.datasource') === 'none') return true;
  const selection = selectDatasource(facts);
  if (selection.kind === 'none' || selection.kind === 'probe') return false;
  const mayHaveMore = selection.kind === 'selected' && selection.datasource.cloud?.mayHaveMore(facts) === true;
  return !mayHaveMore || look >= mostLooksOnCloud;
}
