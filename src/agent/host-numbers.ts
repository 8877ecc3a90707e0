import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostConfig } from '../config/host-config.ts';
import { isMissing } from '../engine/durable-file.ts';
import { mergeAccounts } from '../host/accounts/accounts.ts';
import { identitiesPath, parseIdentities } from '../host/accounts/identities.ts';
import { imageDefaults } from '../host/host-ports.ts';
import type { HostNumbers } from '../services/catalogue/console-accounts.ts';
import { engineGroupId } from '../services/catalogue/variables.ts';

/** Who has which number on this host under a config, also before the host has the accounts: what is remembered holds. */
export function hostNumbers(config: HostConfig): HostNumbers {
  const base = {
    passwd: readIfThere(join(imageDefaults, 'passwd')),
    group: readIfThere(join(imageDefaults, 'group')),
    ...{ shadow: '', gshadow: undefined },
  };
  const { users = [], groups = [] } = config.absent ?? {};
  const { accounts, groupIds } = mergeAccounts(base, config, {
    identities: parseIdentities(readIfThere(identitiesPath)),
    groupIds: { docker: engineGroupId },
    gone: { users, groups: [...groups, ...users] },
  });
  return { users: new Map(accounts.map(({ name, uid, gid }) => [name, { uid, gid }])), groups: groupIds };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}
