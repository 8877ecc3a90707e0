import { oneOf, opaqueMap } from '../shape.ts';
import { berthExtension } from './berth-extension.ts';
import { build, develop, extendsShape, gpus, hooks, models } from './build-shapes.ts';
import { command, textList } from './command-shapes.ts';
import { type ComposeShape, converted, listOf, oneOrList, orAbsent, plain } from './compose-shape.ts';
import { deploy } from './deploy-shapes.ts';
import { dependencies, healthcheck, logging, restartPolicy, ulimits } from './limit-shapes.ts';
import { devices, envFiles, fileReferences, mounts } from './mount-shapes.ts';
import { ports, serviceNetworks } from './network-shapes.ts';
import { environment, extraHosts, labels, options } from './pair-shapes.ts';
import {
  bytes,
  bytesOrUnlimited,
  decimal,
  duration,
  integer,
  pullPolicy,
  text,
  textOrNumber,
  textOrTruth,
  truth,
} from './scalar-shapes.ts';

/**
 * How a later file's value joins an earlier one's (Compose specification, 13-merge.md):
 * `deep`: mappings key by key, lists one behind the other, anything else replaced; `replace`: the later one;
 * `sequence`: both as lists of `NAME=value`; `hosts`: the same without repetition; `names`, `dependencies`: both as
 * mappings; `logging`: key by key while the driver is the same; `build`: a directory is its `context`.
 */
export type MergeRule = 'deep' | 'replace' | 'sequence' | 'hosts' | 'names' | 'dependencies' | 'logging' | 'build';

/** A key that Berth runs. */
export interface RunKey<T> {
  readonly shape: ComposeShape<T>;
  readonly merge: MergeRule;
  readonly support: { readonly kind: 'runs' };
}

/** A key of the specification that has no effect here: a warning with its reason. */
export interface UnsupportedKey {
  readonly shape: ComposeShape<unknown>;
  readonly merge: MergeRule;
  readonly support: { readonly kind: 'unsupported'; readonly reason: string; readonly hint: string };
}

export type ServiceKey = RunKey<unknown> | UnsupportedKey;

function runs<T>(shape: ComposeShape<T>, merge: MergeRule = 'deep'): RunKey<T> {
  return { shape, merge, support: { kind: 'runs' } };
}

function unsupported(
  shape: ComposeShape<unknown>,
  reason: string,
  hint: string,
  merge: MergeRule = 'deep',
): UnsupportedKey {
  return { shape, merge, support: { kind: 'unsupported', reason, hint } };
}

/** Addresses; an empty one, which an unset variable leaves behind, is none. */
const servers = converted(
  oneOrList(text),
  (found) => found.filter((server) => server !== ''),
  (found) => found,
);

const anything = plain(opaqueMap);
const oneContainer = 'a service is reached by its name on the network';
const useNetworks = 'put both services on one network and use the service name as host name';
const windows = 'it is for Windows containers';
const buildElsewhere = 'build the image elsewhere, push it and name it with "image"';

/**
 * One row a key of a Compose service. {@link ServiceSpec} is made from it; a new key is a row here and a line in
 * `services/container-config.ts`.
 */
export const serviceKeys = {
  image: runs(text),
  command: runs(command, 'replace'),
  entrypoint: runs(command, 'replace'),
  /** Null: no value here and none in the host's environment; the engine adapter drops it. */
  environment: runs(environment, 'sequence'),
  env_file: runs(envFiles, 'sequence'),
  volumes: runs(mounts),
  tmpfs: runs(oneOrList(text), 'sequence'),
  ports: runs(ports),
  expose: runs(listOf(textOrNumber)),
  networks: runs(serviceNetworks, 'names'),
  network_mode: runs(text),
  pid: runs(orAbsent(text)),
  ipc: runs(text),
  uts: runs(text),
  userns_mode: runs(text),
  cgroup: runs(plain(oneOf(['host', 'private']))),
  cgroup_parent: runs(text),
  privileged: runs(truth),
  cap_add: runs(textList),
  cap_drop: runs(textList),
  security_opt: runs(textList),
  read_only: runs(truth),
  user: runs(text),
  group_add: runs(listOf(textOrNumber)),
  devices: runs(devices),
  device_cgroup_rules: runs(textList),
  ulimits: runs(ulimits),
  sysctls: runs(labels, 'sequence'),
  labels: runs(labels, 'sequence'),
  annotations: runs(labels, 'sequence'),
  healthcheck: runs(healthcheck),
  /** `no | always | unless-stopped | on-failure[:N]`; absent: Berth itself keeps the service running. */
  restart: runs(restartPolicy),
  depends_on: runs(dependencies, 'dependencies'),
  stop_signal: runs(text),
  /** Nanoseconds. */
  stop_grace_period: runs(duration),
  init: runs(truth),
  logging: runs(logging, 'logging'),
  /** Bytes. */
  mem_limit: runs(bytes),
  /** Bytes. */
  mem_reservation: runs(bytes),
  mem_swappiness: runs(integer({ min: -1, max: 100 })),
  /** Bytes; -1: no limit. */
  memswap_limit: runs(bytesOrUnlimited),
  oom_kill_disable: runs(truth),
  oom_score_adj: runs(integer({ min: -1000, max: 1000 })),
  /** Bytes. */
  shm_size: runs(bytes),
  cpus: runs(decimal({ min: 0 })),
  cpu_shares: runs(integer({ min: 0 })),
  cpu_quota: runs(integer({ min: -1 })),
  cpu_period: runs(integer({ min: 0 })),
  cpuset: runs(text),
  pids_limit: runs(integer({ min: -1 })),
  deploy: runs(deploy),
  scale: runs(integer({ min: 0 })),
  runtime: runs(text),
  hostname: runs(text),
  domainname: runs(text),
  mac_address: runs(text),
  extra_hosts: runs(extraHosts, 'hosts'),
  dns: runs(servers, 'sequence'),
  dns_search: runs(oneOrList(text), 'sequence'),
  dns_opt: runs(textList, 'sequence'),
  secrets: runs(fileReferences),
  configs: runs(fileReferences),
  profiles: runs(textList),
  /** `always | missing | never | build | if_not_present | daily | weekly | every_<duration>`; default missing. What is there is never pulled again. */
  pull_policy: runs(pullPolicy),
  platform: runs(text),
  working_dir: runs(text),
  container_name: runs(text),
  tty: runs(truth),
  stdin_open: runs(truth),
  storage_opt: runs(options),
  'x-berth': runs(berthExtension),

  attach: unsupported(textOrTruth, 'logs are always collected', 'read them with `berth logs`'),
  blkio_config: unsupported(anything, 'block device limits are not set', 'remove it'),
  build: unsupported(build, 'images are not built on the host', buildElsewhere, 'build'),
  cpu_count: unsupported(textOrNumber, windows, 'use "cpus"'),
  cpu_percent: unsupported(textOrNumber, windows, 'use "cpus"'),
  cpu_rt_period: unsupported(textOrNumber, 'realtime scheduling is not set', 'use "cpu_shares" or "cpus"'),
  cpu_rt_runtime: unsupported(textOrNumber, 'realtime scheduling is not set', 'use "cpu_shares" or "cpus"'),
  credential_spec: unsupported(anything, windows, 'remove it'),
  develop: unsupported(develop, 'it is for developing, not for running', 'remove it'),
  extends: unsupported(
    extendsShape,
    'a service is declared in one place',
    'write the keys out, or use a YAML anchor and "<<"',
  ),
  external_links: unsupported(textList, oneContainer, useNetworks),
  gpus: unsupported(gpus, 'devices are not reserved', 'give the service its devices with "devices" or its "runtime"'),
  isolation: unsupported(text, windows, 'remove it'),
  label_file: unsupported(oneOrList(text), 'labels are part of the config', 'write them under "labels"', 'sequence'),
  links: unsupported(textList, oneContainer, useNetworks),
  models: unsupported(models, 'there is no model runner', 'run the model as a service with an image', 'names'),
  post_start: unsupported(hooks, 'nothing runs inside a started container', "make it part of the image's start"),
  pre_start: unsupported(
    hooks,
    'nothing runs before a container',
    'declare a service with x-berth: {one_shot: true} and depend on it',
  ),
  pre_stop: unsupported(hooks, 'nothing runs inside a stopping container', 'handle the stop signal in the service'),
  provider: unsupported(anything, 'there are no providers', 'run it as a service with an image'),
  pull_refresh_after: unsupported(
    text,
    'an image that is there is not pulled again',
    'give a new version a new tag, or name it by its digest',
  ),
  use_api_socket: unsupported(
    truth,
    "the engine's socket is not handed out by this key",
    'mount it: ["/var/run/docker.sock:/var/run/docker.sock"]',
  ),
  volumes_from: unsupported(
    textList,
    'mounts are not taken over from another container',
    'name the same volumes under "volumes"',
  ),
} satisfies Record<string, ServiceKey>;

type Rows = typeof serviceKeys;

/** One service, in the Compose specification's long form: what {@link serviceKeys} reads. */
export type ServiceSpec = {
  readonly [K in keyof Rows as Rows[K] extends UnsupportedKey ? never : K]?: Rows[K] extends RunKey<infer T>
    ? DeepReadonly<T>
    : never;
};

type DeepReadonly<T> = T extends (infer I)[]
  ? readonly DeepReadonly<I>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** The row of a key, whatever the key. */
export function serviceKey(key: string): ServiceKey | undefined {
  return Object.hasOwn(serviceKeys, key) ? (serviceKeys as Readonly<Record<string, ServiceKey>>)[key] : undefined;
}
