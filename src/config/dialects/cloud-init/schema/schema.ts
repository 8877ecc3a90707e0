import { fields, type Rule } from '../../../rule/rule.ts';
import { accountRules } from './accounts.ts';
import { agentRules } from './agents.ts';
import { commandRules } from './commands.ts';
import { distributionRules } from './distributions.ts';
import { hostRules } from './host.ts';
import { ownRules } from './own.ts';
import { packageRules } from './packages.ts';
import { storageRules } from './storage.ts';

/** The version of cloud-init, Debian's newest, whose `cloud-init schema` these rules follow. */
export const cloudInitVersion = '26.2';

/** What `cloud-init schema` asks of each top-level key; it knows no others. */
export const cloudInitRules: Readonly<Record<string, Rule>> = {
  ...hostRules,
  ...accountRules,
  ...commandRules,
  ...storageRules,
  ...packageRules,
  ...distributionRules,
  ...agentRules,
  ...ownRules,
};

export const cloudConfigRule: Rule = fields(cloudInitRules);
