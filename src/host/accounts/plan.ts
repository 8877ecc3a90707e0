import type { HostConfig } from '../../config/host-config.ts';
import type { DesiredFile, PlanContext, ResourcePlan } from '../resource.ts';
import type { HostStep } from '../step.ts';
import { type Accounts, mergeAccounts } from './accounts.ts';
import { identitiesPath, parseIdentities, renderIdentities } from './identities.ts';

export const accountPaths = {
  passwd: '/etc/passwd',
  group: '/etc/group',
  shadow: '/etc/shadow',
  gshadow: '/etc/gshadow',
} as const;

const skeleton = '/etc/skel';
/** As the console makes them. */
const homeMode = 0o750;
/** /home is memory on the image; homes are kept beside the rest of the state. */
const homes = { path: '/home', target: 'var/home', kept: '/var/home' } as const;

/** Everybody on the host under this config. Pure. */
export function accountsOf(config: HostConfig, context: PlanContext): Accounts {
  const { previous, files } = context;
  const has = (path: string): boolean =>
    files.hasDefaults ? files.defaults.has(path) : files.states.get(path)?.kind === 'file';
  const base = {
    passwd: context.baseText(accountPaths.passwd),
    group: context.baseText(accountPaths.group),
    shadow: context.baseText(accountPaths.shadow),
    gshadow: has(accountPaths.gshadow) ? context.baseText(accountPaths.gshadow) : undefined,
  };
  const { users: absentUsers = [], groups: absentGroups = [] } = config.absent ?? {};
  // The image's own files hold nobody who was declared; other ones may.
  const gone = files.hasDefaults
    ? { users: absentUsers, groups: [...absentGroups, ...absentUsers] }
    : {
        users: [...absentUsers, ...namesGone(previous.users, config.users)],
        groups: [
          ...[...absentGroups, ...absentUsers],
          ...namesGone([...previous.groups, ...previous.users], [...config.groups, ...config.users]),
        ],
      };
  const identities = parseIdentities(context.text(identitiesPath));
  return mergeAccounts(base, config, { identities, groupIds: context.options.groupIds ?? {}, gone });
}

function namesGone(before: readonly { readonly name: string }[], now: readonly { readonly name: string }[]): string[] {
  return before.map(({ name }) => name).filter((name) => !now.some((other) => other.name === name));
}

/** The account files. Pure. */
export function planAccounts(config: HostConfig, accounts: Accounts, context: PlanContext): ResourcePlan {
  const declares = ({ users, groups, absent }: HostConfig): boolean =>
    users.length + groups.length > 0 || absent !== undefined;
  if (!declares(config) && !declares(context.previous)) return {};
  const { files, identities, problems } = accounts;
  const about = { key: 'users', subject: 'host/accounts' };
  const desired: DesiredFile[] = [
    { path: identitiesPath, content: renderIdentities(identities), mode: 0o600, ...about },
    { path: accountPaths.passwd, content: files.passwd, mode: 0o644, ...about },
    { path: accountPaths.group, content: files.group, mode: 0o644, ...about },
    { path: accountPaths.shadow, content: files.shadow, mode: 0o600, ...about },
    ...(files.gshadow === undefined
      ? []
      : [{ path: accountPaths.gshadow, content: files.gshadow, mode: 0o600, ...about }]),
  ];
  const blocked = problems.map((problem) => ({ ...problem, until: 'config' as const }));
  return { files: desired, blocked };
}

/** Homes of declared users: made once with the skeleton in them, and theirs from then on. Pure. */
export function planHomes(_config: HostConfig, accounts: Accounts, context: PlanContext): ResourcePlan {
  const wanted = accounts.accounts.filter(({ createHome, home }) => createHome && home !== '/');
  const steps: HostStep[] = [];
  if (wanted.some(({ home }) => home.startsWith(`${homes.path}/`))) {
    const state = context.files.states.get(homes.path);
    const isFree = state === undefined || state.kind === 'missing' || (state.kind === 'directory' && state.isEmpty);
    if (context.files.links.get(homes.path) === undefined && isFree) {
      const about = { subject: 'host/homes', key: 'users' };
      const ownership = { mode: 0o755, uid: 0, gid: 0 };
      steps.push(
        context.step(
          { kind: 'make-directory', path: homes.kept, ownership },
          { ...about, summary: `make ${homes.kept}` },
        ),
        context.step(
          { kind: 'make-link', path: homes.path, target: homes.target },
          { ...about, summary: `keep homes in ${homes.kept}`, after: ['make-directory:host/homes'] },
        ),
      );
    }
  }
  for (const { name, uid, gid, home } of wanted) {
    const state = context.files.states.get(home);
    // Not looked at: a home elsewhere of somebody who is the image's own.
    const isTheirs = state === undefined || (state.kind === 'directory' && state.uid === uid && state.gid === gid);
    if (isTheirs) continue;
    const isThere = state.kind === 'directory';
    const ownership = { mode: isThere ? state.mode : homeMode, uid, gid };
    const action = { kind: 'make-directory', path: home, ownership, ...(isThere ? {} : { skeleton }) } as const;
    const summary = isThere ? `give ${home} to ${name}` : `make the home ${home}`;
    const after = steps.filter(({ kind }) => kind === 'make-link').map(({ id }) => id);
    steps.push(context.step(action, { subject: `user/${name}`, key: `users.${name}`, summary, after }));
  }
  return { steps };
}

/** Paths that tell about accounts, with the homes that declared users would have. */
export function accountFilePaths(config: HostConfig): string[] {
  const homesOf = config.users.map(({ name, homeDirectory }) => homeDirectory ?? `/home/${name}`);
  return [identitiesPath, ...Object.values(accountPaths), homes.path, ...homesOf];
}
