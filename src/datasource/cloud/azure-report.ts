import { BerthError } from '../../core/errors.ts';
import type { BootOutcome } from '../datasource.ts';
import type { MetadataAnswer, MetadataServices } from '../seed-ports.ts';
import { textOf } from '../seed-problem.ts';
import { elementText, escaped } from './azure-ovf.ts';

/** The address at which every machine of Azure finds the fabric that runs it. */
const fabric = 'http://168.63.129.16';
const headers = { 'x-ms-agent-name': 'Berth', 'x-ms-version': '2012-11-30' };
/** What the portal shows of a description. */
const longestDescription = 512;

/** The place of this machine in the fabric's books. */
interface GoalState {
  readonly incarnation: string;
  readonly containerId: string;
  readonly instanceId: string;
}

/**
 * Tells the fabric that provisioning is over, or why it failed: until it hears one of them, it takes the machine for one that
 * is still being made. Throws DATASOURCE_UNREACHABLE.
 */
export async function reportToAzure(
  outcome: BootOutcome,
  metadata: MetadataServices,
  signal: AbortSignal,
): Promise<void> {
  const url = `${fabric}/machine/?comp=goalstate`;
  const goal = goalState(good(await metadata.ask({ method: 'GET', url, headers }, signal), 'the goal state'));
  good(
    await metadata.ask(
      {
        method: 'POST',
        url: `${fabric}/machine?comp=health`,
        headers: { ...headers, 'content-type': 'text/xml; charset=utf-8' },
        body: healthReport(goal, outcome),
      },
      signal,
    ),
    'the health report',
  );
}

function good({ status, body }: MetadataAnswer, what: string): Uint8Array {
  if (status >= 200 && status < 300) return body;
  throw new BerthError('DATASOURCE_UNREACHABLE', `${what}: the fabric answered ${status}`, { retryable: true });
}

function goalState(bytes: Uint8Array): GoalState {
  const xml = textOf(bytes);
  const [incarnation, containerId, instanceId] = ['Incarnation', 'ContainerId', 'InstanceId'].map((name) =>
    elementText(xml, name),
  );
  if (incarnation === undefined || containerId === undefined || instanceId === undefined)
    throw new BerthError('DATASOURCE_UNREACHABLE', 'the goal state does not name this machine', { retryable: true });
  return { incarnation, containerId, instanceId };
}

/** The report's body. Pure. */
export function healthReport({ incarnation, containerId, instanceId }: GoalState, outcome: BootOutcome): string {
  const details =
    outcome.kind === 'ready'
      ? ''
      : `<Details><SubStatus>ProvisioningFailed</SubStatus><Description>${escaped(outcome.why.slice(0, longestDescription))}</Description></Details>`;
  return `<?xml version="1.0" encoding="utf-8"?>
<Health xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<GoalStateIncarnation>${escaped(incarnation)}</GoalStateIncarnation>
<Container><ContainerId>${escaped(containerId)}</ContainerId><RoleInstanceList><Role><InstanceId>${escaped(instanceId)}</InstanceId>
<Health><State>${outcome.kind === 'ready' ? 'Ready' : 'NotReady'}</State>${details}</Health>
</Role></RoleInstanceList></Container>
</Health>
`;
}
