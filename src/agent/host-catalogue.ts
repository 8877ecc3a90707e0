import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { HostConfig } from '../config/host-config.ts';
import type { ComposeModel } from '../config/service-spec.ts';
import type { HostMode } from '../host/plan.ts';
import type { HostNumbers } from '../services/catalogue/console-accounts.ts';
import { loadCatalogue } from '../services/catalogue/load.ts';
import { resolveCatalogueService } from '../services/catalogue/resolve.ts';
import { catalogueVariables } from '../services/catalogue/variables.ts';
import { onVerifiedUsr } from '../services/catalogue/verified-usr.ts';
import type { HostCatalogue } from './declaration.ts';
import type { EnginePlaces } from './own-engines.ts';

export interface HostCatalogueOptions {
  readonly mode: HostMode;
  /** Folder with a folder for each service. */
  readonly directory: string;
  readonly places: EnginePlaces;
  /** The API's socket. */
  readonly socket: string;
  /** Holds NAME/usr for every service whose /usr is part of the verified image. */
  readonly verifiedDirectory?: string;
  /** Who has which number on this host under a config; absent on somebody's own machine. */
  readonly numbersOf?: (config: HostConfig) => HostNumbers;
}

/** The catalogue on this host. Throws CONFIG_UNREADABLE, CONFIG_INVALID. */
export async function openHostCatalogue(options: HostCatalogueOptions): Promise<HostCatalogue> {
  const { mode, places, socket, verifiedDirectory, numbersOf } = options;
  const catalogue = await loadCatalogue(options.directory);
  const verified = new Set(verifiedDirectory === undefined ? [] : await readdir(verifiedDirectory));
  const program = { node: process.execPath, directory: dirname(process.argv[1] ?? '/'), main: 'berth.js' };
  const resolve = (variables: Readonly<Record<string, string>>): ReadonlyMap<string, ComposeModel> =>
    new Map(
      [...catalogue].map(([name, entry]) => {
        const { model } = resolveCatalogueService(entry, variables, mode);
        const usr = join(verifiedDirectory ?? '', name, 'usr');
        return [name, verified.has(name) ? onVerifiedUsr(model, name, usr) : model];
      }),
    );
  // Most configs differ in nothing that the catalogue's services are made from.
  let last: { readonly from: string; readonly models: ReadonlyMap<string, ComposeModel> } | undefined;
  const modelsFor = (config: HostConfig): ReadonlyMap<string, ComposeModel> => {
    const variables = catalogueVariables(config, {
      mode,
      sockets: { agent: socket, user: places.userSocket, containerd: places.containerdSocket },
      userEngine: places.userEngine,
      program,
      ...(numbersOf === undefined ? {} : { numbers: numbersOf(config) }),
    });
    const from = JSON.stringify(variables);
    if (last?.from !== from) last = { from, models: resolve(variables) };
    return last.models;
  };
  return {
    descriptions: new Map([...catalogue].map(([name, { description }]) => [name, description])),
    modelsFor,
  };
}
