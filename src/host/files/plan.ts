import type { FileConfig, HostConfig } from '../../config/host-config.ts';
import { readOnlyReason } from '../../config/known-files/read-only.ts';
import type { RemoteContent } from '../../config/remote-content.ts';
import { formatPath } from '../../core/diagnostic.ts';
import { shownUrl } from '../../datasource/inline-seed.ts';
import type { FetchTerms, FileState, Ownership } from '../ports.ts';
import type { DesiredFile, PlanContext } from '../resource.ts';
import type { BlockedChange, HostStep } from '../step.ts';
import { composeContent, contentWithout, type Declared, groupByPath } from './content.ts';
import { fetchedPath, fetchedPaths } from './fetched.ts';
import { type Owners, ownershipOf } from './owners.ts';
import { stageOf } from './places.ts';

/** When a file is written: what is in /etc before anything else, other files once disks are mounted, the rest last. */
export type FileStage = 'settings' | 'data' | 'deferred';

export interface FilePlan {
  readonly stages: Readonly<Record<FileStage, readonly HostStep[]>>;
  readonly blocked: readonly BlockedChange[];
}

const overwriteHint = 'say "overwrite": true if it may go';

/**
 * Steps that make files as they are wanted: those of the resources, with what the user declared for the same path over
 * them, and those that only the user declared. What is not declared any more is as the image has it again. Pure.
 */
export function planFiles(
  managed: readonly DesiredFile[],
  config: HostConfig,
  owners: Owners,
  context: PlanContext,
): FilePlan {
  const planner = new FilePlanner(owners, context, termsOf(config));
  const declared = groupByPath(config.files);
  const taken = new Set(declared.map(({ path }) => path));
  for (const file of managed) if (!taken.has(file.path)) planner.managed(file);
  for (const one of declared)
    planner.declared(
      one,
      managed.find(({ path }) => path === one.path),
    );
  const kept = new Set([...taken, ...managed.map(({ path }) => path), ...(config.links ?? []).map(({ path }) => path)]);
  const needed = new Set(fetchedPaths(config));
  for (const path of fetchedPaths(context.previous)) if (!needed.has(path)) planner.forget(path);
  for (const one of groupByPath(context.previous.files)) if (!kept.has(one.path)) planner.gone(one);
  return planner;
}

/** Proxies and certificates of the config hold for its own contents, too. */
function termsOf({ fetch, connectivity: { caCertificates: authorities, proxy } }: HostConfig): FetchTerms {
  return { ...fetch, way: { authorities, proxy } };
}

class FilePlanner implements FilePlan {
  readonly stages: Record<FileStage, HostStep[]> = { settings: [], data: [], deferred: [] };
  readonly blocked: BlockedChange[] = [];
  readonly #owners: Owners;
  readonly #context: PlanContext;
  readonly #limits: FetchTerms;

  constructor(owners: Owners, context: PlanContext, limits: FetchTerms) {
    this.#owners = owners;
    this.#context = context;
    this.#limits = limits;
  }

  managed({ path, content, mode, key, subject }: DesiredFile): void {
    const state = this.#state(path);
    if (content === undefined) {
      if (state.kind !== 'missing') this.#remove(path, key, subject);
      return;
    }
    this.#put('settings', path, Buffer.from(content), { mode, uid: 0, gid: 0 }, { key, subject });
  }

  declared({ path, entries }: Declared, managed: DesiredFile | undefined): void {
    const about = { key: keyOf(path), subject: `file${path}` };
    const last = entries.at(-1);
    if (last === undefined || this.#isReadOnly(path, about)) return;
    const { existing } = entries[0] ?? {};
    const state = this.#state(path);
    const ownership = ownershipOf(last, this.#owners, existing === 'replace' ? { kind: 'missing' } : state);
    if ('why' in ownership) {
      this.#block(about, ownership.why, 'declare it under "users" or "groups"');
      return;
    }
    const isLink = this.#context.files.links.has(path);
    const isInTheWay = state.kind === 'directory' || state.kind === 'other' || (existing !== undefined && isLink);
    if (isInTheWay && existing !== 'replace') {
      const what = isLink ? 'a link' : state.kind === 'directory' ? 'a directory' : 'no regular file';
      this.#block(about, `${path} is ${what}`, existing === undefined ? 'choose another path' : overwriteHint);
      return;
    }
    const parts = this.#partsOf(entries, about);
    if (parts === undefined) return;
    const content = this.#compose(path, parts, managed?.content);
    if (existing === 'refuse' && this.#isForeign(path, content)) {
      this.#block(about, `there is a file at ${path} already`, overwriteHint);
      return;
    }
    const stage = entries.some(({ defer }) => defer) ? 'deferred' : stageOf(path);
    if (isInTheWay) this.#clear(stage, path, about);
    const ownsParents = last.ownsParents === true ? ({ ownsParents: true } as const) : {};
    this.#put(stage, path, content, { ...ownership, ...ownsParents }, about, isInTheWay);
  }

  /** What was fetched and is not wanted any more. */
  forget(path: string): void {
    if (this.#state(path).kind !== 'missing') this.#remove(path, 'write_files', 'host/fetched');
  }

  gone({ path, entries }: Declared): void {
    const about = { key: keyOf(path), subject: `file${path}` };
    const state = this.#state(path);
    if (state.kind !== 'file' || readOnlyReason(path) !== undefined) return;
    const original = this.#original(path);
    if (original !== undefined) {
      this.#put(stageOf(path), path, original, { mode: 0o644, uid: 0, gid: 0 }, about);
    } else if (entries.every(({ append }) => append)) {
      const rest = contentWithout(entries, Buffer.from(state.contentBase64, 'base64'));
      if (rest.length === 0) this.#remove(path, about.key, about.subject);
      else this.#put(stageOf(path), path, rest, state, about);
    } else {
      this.#remove(path, about.key, about.subject);
    }
  }

  /** The entries with what was fetched for them; undefined, and steps that fetch, while something is not there yet. */
  #partsOf(entries: readonly FileConfig[], about: { key: string; subject: string }): FileConfig[] | undefined {
    const parts = entries.map((entry) => {
      if (entry.remote === undefined) return entry;
      const kept = this.#state(fetchedPath(entry.remote));
      return kept.kind === 'file' ? { ...entry, contentBase64: kept.contentBase64 } : undefined;
    });
    const whole = parts.filter((part) => part !== undefined);
    if (whole.length === entries.length) return whole;
    for (const [index, { remote }] of entries.entries()) {
      if (remote !== undefined && parts[index] === undefined) this.#fetch(remote, about);
    }
    return undefined;
  }

  #fetch(content: RemoteContent, about: { key: string; subject: string }): void {
    if (this.#context.options.tree === true) {
      const why = 'its content is on a server';
      this.blocked.push({ ...about, why, until: 'boot', hint: 'it is fetched when the system boots' });
      return;
    }
    const path = fetchedPath(content);
    const text = { ...about, id: `fetch:${path}`, phase: 'online', summary: `fetch ${shownUrl(content.url)}` } as const;
    this.stages.data.push(this.#context.step({ kind: 'fetch-content', content, path, limits: this.#limits }, text));
  }

  /** True when a file that nobody declared before is there, and is another one than wanted. */
  #isForeign(path: string, content: Buffer): boolean {
    if (this.#context.previous.files.some((file) => file.path === path)) return false;
    if (this.#original(path) !== undefined) return true;
    const state = this.#state(path);
    // What is in /etc and not the image's was written since: by a plan before this one.
    if (this.#context.files.hasDefaults && path.startsWith('/etc/')) return false;
    return state.kind === 'file' && state.contentBase64 !== content.toString('base64');
  }

  #clear(stage: FileStage, path: string, about: { key: string; subject: string }): void {
    const text = { ...about, id: `remove-tree:${path}`, summary: `remove what is at ${path}` };
    this.stages[stage].push(this.#context.step({ kind: 'remove-tree', path }, text));
  }

  #block(about: { key: string; subject: string }, why: string, hint: string): void {
    this.blocked.push({ ...about, why, until: 'config', hint });
  }

  /** The content that the entries make of a path. */
  #compose(path: string, entries: readonly FileConfig[], managed: string | undefined): Buffer {
    const original = managed === undefined ? this.#original(path) : Buffer.from(managed);
    const isMissing = this.#state(path).kind === 'missing';
    return composeContent(entries, original ?? this.#present(path), original !== undefined || isMissing);
  }

  #put(
    stage: FileStage,
    path: string,
    content: Buffer,
    ownership: Ownership & { readonly ownsParents?: true },
    about: { key: string; subject: string },
    isCleared = false,
  ): void {
    const state: FileState = isCleared ? { kind: 'missing' } : this.#state(path);
    const { mode, uid, gid, ownsParents } = ownership;
    const contentBase64 = content.toString('base64');
    if (state.kind === 'file') {
      const isSame = state.contentBase64 === contentBase64;
      if (isSame && state.mode === mode && state.uid === uid && state.gid === gid) return;
    }
    this.stages[stage].push(
      this.#context.step(
        {
          kind: 'write-file',
          path,
          contentBase64,
          ownership: { mode, uid, gid },
          ...(ownsParents === undefined ? {} : { ownsParents }),
        },
        {
          ...about,
          id: `write-file:${path}`,
          summary: `write ${path}`,
          ...(isCleared ? { after: [`remove-tree:${path}`] } : {}),
        },
      ),
    );
  }

  #remove(path: string, key: string, subject: string): void {
    this.stages.settings.push(
      this.#context.step(
        { kind: 'remove-file', path },
        { id: `remove-file:${path}`, key, subject, summary: `remove ${path}` },
      ),
    );
  }

  #isReadOnly(path: string, about: { key: string; subject: string }): boolean {
    const reason = this.#context.options.tree === true ? undefined : readOnlyReason(path);
    if (reason !== undefined) this.#block(about, reason.why, reason.hint);
    return reason !== undefined;
  }

  #state(path: string): FileState {
    return this.#context.files.states.get(path) ?? { kind: 'missing' };
  }

  #present(path: string): Buffer {
    const state = this.#state(path);
    return state.kind === 'file' ? Buffer.from(state.contentBase64, 'base64') : Buffer.alloc(0);
  }

  /** What the image has at a path; undefined where that is not to be had. */
  #original(path: string): Buffer | undefined {
    const { hasDefaults, defaults } = this.#context.files;
    const content = hasDefaults ? defaults.get(path) : undefined;
    return content === undefined ? undefined : Buffer.from(content, 'base64');
  }
}

function keyOf(path: string): string {
  return formatPath(['write_files', path]);
}
