import type { UserConfig } from '../../../host-config.ts';
import type { Draft } from '../../../host-draft.ts';
import type { Place } from '../../../place.ts';
import type { Group, IgnitionConfig, User } from '../model.ts';
import type { HostContext } from './context.ts';

/** The first user of the systems that Ignition comes from, who is there without being declared. */
const coreUser = { name: 'core', groups: ['docker'], sudo: ['ALL=(ALL) NOPASSWD:ALL'] } as const;

/** `passwd`. */
export function takeAccounts(
  { users, groups }: NonNullable<IgnitionConfig['passwd']>,
  place: Place,
  context: HostContext,
): void {
  context.each(groups, place.child('groups'), (group, at) => takeGroup(group, at, context));
  context.each(users, place.child('users'), (user, at) => takeUser(user, at, context));
}

function takeGroup(group: Group, place: Place, context: HostContext): void {
  const { name = '', gid } = group;
  if (!isName(group, place, context)) return;
  if (group.shouldExist === false) {
    absentOf(context).groups.push(name);
    passOthers(group, place, context);
    context.host.name(['absent', 'groups', name], place);
    return;
  }
  if ((group.passwordHash ?? '') !== '') {
    context.leave(
      place.child('passwordHash'),
      'nobody joins a group by its password on Berth',
      'name its members in "groups" of the users',
    );
  }
  if (group.system === true) context.leave(place.child('system'), 'groups are numbered by Berth', 'give "gid"');
  context.host.config.groups.push({ name, members: [], ...(gid === undefined ? {} : { gid }) });
  context.host.name(['groups', name], place);
}

function takeUser(user: User, place: Place, context: HostContext): void {
  const { name = '' } = user;
  if (!isName(user, place, context)) return;
  if (user.shouldExist === false) {
    absentOf(context).users.push(name);
    passOthers(user, place, context);
    context.host.name(['absent', 'users', name], place);
    return;
  }
  if (user.noLogInit === true) context.leave(place.child('noLogInit'), 'there is no lastlog on Berth', 'leave it out');
  const core = name === coreUser.name ? coreUser : undefined;
  if (core !== undefined)
    place.inform('default-user', 'may use Docker and become root, as on the systems it comes from');
  const given = configOf(user);
  const groups = user.groups === undefined ? [...(core?.groups ?? [])] : given.groups;
  if (user.noUserGroup === true && (user.primaryGroup ?? '') !== '') {
    place.child('noUserGroup').inform('no-effect', 'a user with a primary group gets no other one');
  }
  context.host.config.users.push({ ...given, groups, sudo: [...(core?.sudo ?? [])] });
  context.host.name(['users', name], place);
}

function configOf(user: User): Draft<UserConfig> {
  const { name = '', passwordHash = '', uid, gecos, homeDir, shell, primaryGroup = '', groups = [] } = user;
  const group = primaryGroup === '' && user.noUserGroup === true ? 'users' : primaryGroup;
  return {
    name,
    ...(uid === undefined ? {} : { uid }),
    ...(gecos === undefined ? {} : { gecos }),
    ...(group === '' ? {} : { primaryGroup: group }),
    groups: [...groups],
    ...(homeDir === undefined || homeDir === '' ? {} : { homeDirectory: homeDir }),
    createHome: user.noCreateHome !== true,
    ...(shell === undefined || shell === '' ? {} : { shell }),
    system: user.system === true,
    ...(passwordHash === '' ? {} : { passwordHash }),
    lockPassword: passwordHash === '',
    sudo: [],
    sshAuthorizedKeys: (user.sshAuthorizedKeys ?? [])
      .flatMap((key) => key.split('\n'))
      .filter((key) => key.trim() !== ''),
  };
}

function isName({ name = '', ...others }: User | Group, place: Place, context: HostContext): boolean {
  if (/^[A-Za-z_][A-Za-z0-9_.-]{0,30}\$?$/.test(name)) return true;
  const hint = 'a letter, then letters, digits, "_", "-" and "."';
  context.refuse(place.child('name'), `${JSON.stringify(name)} is not a name that useradd(8) takes`, hint);
  context.passOver(others, place, 'the name is refused');
  return false;
}

/** What is said of somebody who is not to be there. */
function passOthers(account: User | Group, place: Place, context: HostContext): void {
  context.passOver({ ...account, name: undefined, shouldExist: undefined }, place, '"shouldExist" is false');
}

function absentOf({ host }: HostContext): { users: string[]; groups: string[] } {
  return (host.config.absent ??= { users: [], groups: [] });
}
