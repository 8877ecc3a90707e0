import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BuiltImage, buildSystemContainers } from '../../../image/system-containers.ts';
import { emptyHostConfig, type HostConfig } from '../../../src/config/host-config.ts';
import type { ComposeModel, FileReference, ServiceSpec } from '../../../src/config/service-spec.ts';
import { formatPath } from '../../../src/core/diagnostic.ts';
import type { ContainerDetails, MountConfig } from '../../../src/engine/container-engine.ts';
import { runCommand } from '../../../src/engine/run-command.ts';
import { adjustService } from '../../../src/services/adjust.ts';
import { loadCatalogue } from '../../../src/services/catalogue/load.ts';
import { resolveCatalogueService } from '../../../src/services/catalogue/resolve.ts';
import { prepareUserEngineRoot } from '../../../src/services/catalogue/user-engine-root.ts';
import { type CatalogueContext, catalogueVariables } from '../../../src/services/catalogue/variables.ts';
import { containerConfig } from '../../../src/services/container-config.ts';
import { writeServiceFile } from '../../../src/services/file-writer.ts';
import { resolveFile } from '../../../src/services/files.ts';
import type { PrivateEngine } from '../support/private-engine.ts';

export const recipesDirectory = join(import.meta.dirname, '../../../system-containers');

/** Builds (or finds) an image and loads it. */
export async function loadSystemImage(rig: PrivateEngine, name: string): Promise<BuiltImage> {
  const [image] = await buildSystemContainers({ recipesDirectory, names: [name] });
  if (image === undefined) throw new Error(`no image was built for ${name}`);
  if ((await rig.engine.inspectImage(image.reference))?.id !== image.imageId) {
    await rig.engine.loadImage({ reference: image.reference, open: () => createReadStream(image.archive) });
  }
  return image;
}

/** Places of a host whose system engine is the rig. */
export function contextOf(rig: PrivateEngine, mode: CatalogueContext['mode']): CatalogueContext {
  return {
    mode,
    sockets: {
      agent: join(rig.stateDir, 'api', 'berth.sock'),
      user: join(rig.stateDir, 'user-run', 'docker.sock'),
      containerd: rig.containerdSocket,
    },
    userEngine: { root: join(rig.stateDir, 'user-root'), run: join(rig.stateDir, 'user-run') },
    program: { node: process.execPath, directory: join(import.meta.dirname, 'fixtures'), main: 'program.ts' },
  };
}

export interface SystemContainer {
  readonly id: string;
  /** Runs a command inside; output of both streams. */
  exec(command: readonly string[], user?: string): Promise<{ readonly exitCode: number; readonly output: string }>;
  inspect(): Promise<ContainerDetails>;
  /** Waits until it is healthy. Throws with its log when it is unhealthy or ends. */
  healthy(): Promise<void>;
  logs(): Promise<string>;
}

export interface StartOptions {
  readonly config?: Partial<HostConfig>;
  readonly context: CatalogueContext;
  /** What a user's entry of the same name under `berth.services` says. */
  readonly adjust?: ServiceSpec;
  /** The network to use in place of the host's. */
  readonly networkMode?: string;
}

/** Creates and starts a service of the catalogue as Berth would. */
export async function startSystemContainer(
  rig: PrivateEngine,
  name: string,
  options: StartOptions,
): Promise<SystemContainer> {
  await loadSystemImage(rig, name);
  const { context } = options;
  const model = await catalogueModel(name, { ...emptyHostConfig, ...options.config }, context);
  const declared = model.services[name];
  if (declared === undefined) throw new Error(`${name} has no service`);
  const spec = adjustService(declared, {
    ...options.adjust,
    ...(options.networkMode === undefined ? {} : { network_mode: options.networkMode }),
  });
  for (const path of [context.sockets.agent, context.sockets.user]) await mkdir(join(path, '..'), { recursive: true });
  const container = containerConfig(spec, {
    service: name,
    engine: 'system',
    networkName: (network) => network,
    volumeName: (volume) => `catalogue-${volume}`,
    containerNameOf: (service) => service,
    fileMounts: await fileMounts(rig, spec, model),
    hostEnvironment: {},
    hostDns: { servers: [], search: [], options: [] },
    logging: { driver: 'local', options: {} },
  });
  const id = await rig.engine.createContainer(`catalogue-${name}`, container);
  await rig.engine.startContainer(id);
  return systemContainer(rig, id);
}

/** A service of the catalogue on this host, which must resolve without a complaint. */
export async function catalogueModel(
  name: string,
  config: HostConfig,
  context: CatalogueContext,
): Promise<ComposeModel> {
  const entry = (await loadCatalogue(recipesDirectory)).get(name);
  if (entry === undefined) throw new Error(`${name} is not in the catalogue`);
  const { model, problems } = resolveCatalogueService(entry, catalogueVariables(config, context), context.mode);
  if (problems.length > 0)
    throw new Error(problems.map(({ path, message }) => `${formatPath(path)}: ${message}`).join('\n'));
  return model;
}

/** Makes the user engine's directories shared mounts where the rig's containers are started. */
export async function prepareUserEngine(rig: PrivateEngine, context: CatalogueContext): Promise<void> {
  const [program = '', ...prefix] = rig.command;
  await prepareUserEngineRoot([context.userEngine.root, context.userEngine.run], (command, args) =>
    runCommand(program, [...prefix, command, ...args]),
  );
}

/** A TCP port that was free a moment ago; also used for UDP. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function until(what: string, condition: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited too long until ${what}`);
    await sleep(100);
  }
}

async function fileMounts(rig: PrivateEngine, spec: ServiceSpec, model: ComposeModel): Promise<MountConfig[]> {
  const uses: (readonly [FileReference, 'secret' | 'config'])[] = [
    ...(spec.secrets ?? []).map((use) => [use, 'secret'] as const),
    ...(spec.configs ?? []).map((use) => [use, 'config'] as const),
  ];
  const mounts: MountConfig[] = [];
  for (const [use, kind] of uses) {
    const { file, mount, problem } = resolveFile(
      use,
      model[`${kind}s`][use.source],
      kind,
      join(rig.stateDir, 'files'),
      {},
    );
    if (problem !== undefined) throw new Error(problem);
    if (file !== undefined) await writeServiceFile(file);
    if (mount !== undefined) mounts.push(mount);
  }
  return mounts;
}

function systemContainer(rig: PrivateEngine, id: string): SystemContainer {
  const { engine } = rig;
  const inspect = async () => {
    const details = await engine.inspectContainer(id);
    if (details === undefined) throw new Error('the container is gone');
    return details;
  };
  const logs = async () => {
    let text = '';
    await engine.logs(id, { follow: false, timestamps: false }, (_, chunk) => {
      text += chunk.toString();
    });
    return text;
  };
  return {
    id,
    inspect,
    logs,
    healthy: async () => {
      let last: ContainerDetails | undefined;
      try {
        await until('the container is healthy', async () => {
          last = await inspect();
          if (last.state === 'exited' || last.health === 'unhealthy')
            throw new Error(`the container is ${last.state}, ${last.health}`);
          return last.health === 'healthy';
        });
      } catch (error) {
        throw new Error(`${String(error)}\n${JSON.stringify(last?.healthLog.at(-1))}\n${await logs()}`, {
          cause: error,
        });
      }
    },
    exec: async (command, user) => {
      let output = '';
      const exitCode = await engine.exec(
        id,
        { command, tty: false, stdin: false, ...(user === undefined ? {} : { user }) },
        { onOutput: (_, chunk) => (output += chunk.toString()) },
      );
      return { exitCode, output };
    },
  };
}
