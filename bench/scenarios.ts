import type { Scenario } from './scenario.ts';
import { converge } from './scenarios/converge.ts';
import { healthChainScenario } from './scenarios/health-chain.ts';
import { hundred } from './scenarios/hundred.ts';
import { idle } from './scenarios/idle.ts';
import { memory } from './scenarios/memory.ts';
import { round } from './scenarios/round.ts';

/** Every scenario, in the order of the results. */
export const scenarios: readonly Scenario[] = [
  converge('host'),
  converge('bridge'),
  round,
  hundred,
  healthChainScenario,
  memory,
  idle,
];
