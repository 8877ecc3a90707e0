import { writeArchive } from '../config/user-data/archive.ts';
import { expandUserData } from '../config/user-data/expand.ts';
import { partProblem, textOfPart, type UserDataPart } from '../config/user-data/part.ts';
import { partTypes, typeByHeader } from '../config/user-data/part-types.ts';
import { renderTemplate, TemplateFailure } from '../config/user-data/template.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import { messageOf } from '../core/errors.ts';
import { readIncludes } from './include-list.ts';
import { shownUrl } from './inline-seed.ts';

export interface ResolvePorts {
  /** Gets what is behind a URL; undefined when there is no such document. Rejects with why it cannot be had. */
  readonly fetch: (url: string, signal: AbortSignal) => Promise<Uint8Array | undefined>;
  /** What `#include-once` got before on this instance. */
  readonly once: IncludeMemory;
  /** What templates can name. */
  readonly instanceData: Readonly<Record<string, unknown>>;
}

export interface IncludeMemory {
  get(url: string): Promise<Uint8Array | undefined>;
  /** Durable when it resolves. */
  set(url: string, bytes: Uint8Array): Promise<void>;
}

export interface ResolvedUserData {
  /** As it came, or an archive of what it came to. */
  readonly text: string;
  /** An error means that something is missing, so that the whole must not be applied. */
  readonly diagnostics: readonly Diagnostic[];
}

/** URLs that one document may lead to, and lists within lists. */
const maxIncludes = 100;
const maxDepth = 8;

/** True when a document has lists of URLs that are asked again at every boot. Pure. */
export function hasIncludes(bytes: Uint8Array): boolean {
  const { parts } = expandUserData('', bytes);
  return parts.some((part) => isInclude(part) && readIncludes(textOfPart(part)).some(({ once }) => !once));
}

/** True when a document is not complete without the network. Pure. */
export function needsNetwork(bytes: Uint8Array): boolean {
  return expandUserData('', bytes).parts.some(isInclude);
}

/** A document with what it includes in the place of the lists, and templates filled in. Rejects when the signal aborts. */
export async function resolveUserData(
  document: string,
  bytes: Uint8Array,
  ports: ResolvePorts,
  signal: AbortSignal,
): Promise<ResolvedUserData> {
  const resolver = new Resolver(document, ports, signal);
  const { parts } = expandUserData(document, bytes);
  const resolved = await resolver.resolve(parts, 0);
  const isAsItCame = resolved.length === parts.length && resolved.every((part, index) => part === parts[index]);
  const text = isAsItCame ? new TextDecoder().decode(bytes) : writeArchive(resolved);
  return { text, diagnostics: resolver.diagnostics };
}

class Resolver {
  readonly diagnostics: Diagnostic[] = [];
  readonly #document: string;
  readonly #ports: ResolvePorts;
  readonly #signal: AbortSignal;
  #includes = 0;

  constructor(document: string, ports: ResolvePorts, signal: AbortSignal) {
    this.#document = document;
    this.#ports = ports;
    this.#signal = signal;
  }

  async resolve(parts: readonly UserDataPart[], depth: number): Promise<UserDataPart[]> {
    const resolved: UserDataPart[] = [];
    for (const part of parts) {
      if (isInclude(part)) resolved.push(...(await this.#include(part, depth)));
      else if (part.type === partTypes.template) resolved.push(...this.#render(part));
      else resolved.push(part);
    }
    return resolved;
  }

  async #include(part: UserDataPart, depth: number): Promise<UserDataPart[]> {
    if (depth >= maxDepth) {
      this.#refuse(part.file, `is included by ${maxDepth} others`);
      return [];
    }
    const resolved: UserDataPart[] = [];
    for (const { url, once, line } of readIncludes(textOfPart(part))) {
      this.#includes += 1;
      if (this.#includes > maxIncludes) {
        this.#refuse(part.file, `leads to more than ${maxIncludes} URLs`, line);
        return resolved;
      }
      const bytes = await this.#get(url, once, part.file, line);
      if (bytes === undefined) continue;
      const { parts, diagnostics } = expandUserData(`${this.#document}#${shownUrl(url)}`, bytes);
      this.diagnostics.push(...diagnostics);
      const named = parts.map((found) => (found.isWhole ? { ...found, name: shownUrl(url), isWhole: false } : found));
      resolved.push(...(await this.resolve(named, depth + 1)));
    }
    return resolved;
  }

  async #get(url: string, once: boolean, file: string, line: number): Promise<Uint8Array | undefined> {
    const { fetch, once: memory } = this.#ports;
    if (!/^https?:\/\//i.test(url)) {
      this.#refuse(file, `${shownUrl(url)} is not an http or https URL`, line);
      return undefined;
    }
    const known = once ? await memory.get(url) : undefined;
    if (known !== undefined) return known;
    try {
      const bytes = await fetch(url, this.#signal);
      if (bytes === undefined) this.#refuse(file, `there is no document at ${shownUrl(url)}`, line);
      else if (once) await memory.set(url, bytes);
      return bytes;
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#refuse(file, `${shownUrl(url)} cannot be had: ${messageOf(error)}`, line);
      return undefined;
    }
  }

  #render(part: UserDataPart): UserDataPart[] {
    try {
      const { text, missing } = renderTemplate(textOfPart(part), this.#ports.instanceData);
      for (const name of missing)
        this.diagnostics.push(
          partProblem(part.file, 'warning', 'template', `"${name}" is not among what is known of this instance`),
        );
      const type = typeByHeader(text);
      if (type !== undefined) return [{ ...part, type, bytes: new TextEncoder().encode(text) }];
      const what = 'the template, filled in, begins with no header that cloud-init knows; it is ignored';
      this.diagnostics.push(partProblem(part.file, 'warning', 'unknown-part', what));
    } catch (error) {
      if (!(error instanceof TemplateFailure)) throw error;
      this.#refuse(part.file, `the template cannot be filled in: ${error.message}`);
    }
    return [];
  }

  #refuse(file: string, message: string, line = 1): void {
    this.diagnostics.push({ ...partProblem(file, 'error', 'include', message), line });
  }
}

function isInclude({ type }: UserDataPart): boolean {
  return type === partTypes.include || type === partTypes.includeOnce;
}
