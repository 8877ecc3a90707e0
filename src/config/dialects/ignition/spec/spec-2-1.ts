import { spec20 } from './spec-2-0.ts';
import { extendSpec, int, list, struct, text, texts, truth } from './spec-table.ts';

const node = { filesystem: text, path: text, user: struct('owner'), group: struct('owner') };

/** Ignition 2.1.0: directories, links, owners by name, time limits, users without `create`, whole-device file systems. */
export const spec21 = extendSpec(spec20, {
  ignition: { timeouts: struct('timeouts') },
  timeouts: { httpResponseHeaders: int, httpTotal: int },
  storage: { directories: list('directory'), links: list('link') },
  file: { mode: int },
  directory: { ...node, mode: int },
  link: { ...node, target: text, hard: truth },
  owner: { name: text },
  partition: { size: int, start: int, guid: text },
  mount: { wipeFilesystem: truth, label: text, uuid: text, options: texts },
  unit: { enabled: truth },
  user: {
    uid: int,
    gecos: text,
    homeDir: text,
    noCreateHome: truth,
    primaryGroup: text,
    groups: texts,
    noUserGroup: truth,
    noLogInit: truth,
    shell: text,
    system: truth,
  },
  userCreate: { uid: int },
  group: { gid: int },
});
