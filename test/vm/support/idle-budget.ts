import { lookAtIdleHost } from './idle-host.ts';
import type { TestVm } from './test-vm.ts';

/** What may run on an idle host, and how many of each. */
export interface IdleBudget {
  readonly processes: Readonly<Record<string, number>>;
  readonly ports: readonly string[];
}

/** What goes beyond a budget, and what of it is not there. */
export interface BudgetDifference {
  readonly grown: readonly string[];
  readonly gone: readonly string[];
}

/** A host's boot leaves helpers behind that end by themselves, the last one after 20 seconds. */
const settleMs = 180_000;

/** Compares a host with its budget. Pure. */
export function budgetDifference(
  budget: IdleBudget,
  { processes, ports }: { readonly processes: readonly string[]; readonly ports: readonly string[] },
): BudgetDifference {
  const counts = new Map<string, number>();
  for (const name of processes) counts.set(name, (counts.get(name) ?? 0) + 1);
  const more = [...counts].filter(([name, count]) => count > (budget.processes[name] ?? 0));
  const fewer = Object.entries(budget.processes).filter(([name, count]) => (counts.get(name) ?? 0) < count);
  return {
    grown: [
      ...more.map(([name, count]) => `process ${name}: ${count}, not ${budget.processes[name] ?? 0}`),
      ...ports.filter((port) => !budget.ports.includes(port)).map((port) => `port ${port}`),
    ],
    gone: [
      ...fewer.map(([name, count]) => `process ${name}: ${counts.get(name) ?? 0}, not ${count}`),
      ...budget.ports.filter((port) => !ports.includes(port)).map((port) => `port ${port}`),
    ],
  };
}

/** Waits until nothing but what the budget lists runs and listens. Rejects with what is new, or is not there. */
export async function expectIdleBudget(vm: TestVm, budget: IdleBudget): Promise<void> {
  const shell = await vm.shell();
  let last: BudgetDifference | undefined;
  const isKept = async (): Promise<boolean> => {
    last = budgetDifference(budget, await lookAtIdleHost(shell));
    return last.grown.length + last.gone.length === 0;
  };
  await vm.until('an idle host that is as small as its budget', isKept, settleMs).catch((error: unknown) => {
    const { grown = [], gone = [] } = last ?? {};
    throw new Error(`${String(error)}\nnew: ${grown.join('; ')}\nnot there: ${gone.join('; ')}`, { cause: error });
  });
}
