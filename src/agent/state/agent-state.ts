import { join } from 'node:path';
import { BerthError } from '../../core/errors.ts';
import { stateSchema } from '../../update/state-schema.ts';
import { agentData, copiesPath, dataPath } from './agent-data.ts';
import { decideState, firstNote, type StateNote } from './decide-state.ts';
import type { Migration } from './migration.ts';
import { migrations } from './migrations.ts';
import { diskFiles, type StateFiles } from './state-files.ts';

export interface AgentStateOptions {
  readonly schema: number;
  readonly migrations: readonly Migration[];
  readonly files: StateFiles;
}

const own: AgentStateOptions = { schema: stateSchema, migrations, files: diskFiles };

/**
 * The data of an agent, in the form that its release reads. A newer form is made of a copy; one durable write of the file
 * `state-schema` then makes it the one that counts, so a power cut at any moment leaves one or the other, whole. What an older
 * release would read is kept until that one is gone.
 */
export class AgentState {
  /** Where the data is. */
  readonly directory: string;
  readonly schema: number;
  /** What was done to come to it, for a person; empty: nothing. */
  readonly story: string;
  readonly #stateDirectory: string;
  readonly #files: StateFiles;
  #note: StateNote;

  private constructor(stateDirectory: string, options: AgentStateOptions, note: StateNote, story: string) {
    this.directory = dataPath(stateDirectory, options.schema);
    this.schema = options.schema;
    this.story = story;
    this.#stateDirectory = stateDirectory;
    this.#files = options.files;
    this.#note = note;
  }

  /** Migrates or goes back if need be. Throws UNSUPPORTED when this release can do neither, STORE_CORRUPT; then nothing was changed. */
  static async open(stateDirectory: string, options: AgentStateOptions = own): Promise<AgentState> {
    const { schema, files } = options;
    const known = await files.readNote(notePath(stateDirectory));
    const present = await files.names(stateDirectory);
    const hasData = agentData.some((name) => present.includes(name));
    const decision = decideState(known, hasData, schema, options.migrations);
    const { inUse, kept } = known ?? firstNote;
    const open = async (note: StateNote, story: string): Promise<AgentState> => {
      const state = new AgentState(stateDirectory, options, note, story);
      await state.#removeRest();
      return state;
    };
    switch (decision.kind) {
      case 'use':
        return open({ inUse, kept }, '');
      case 'begin':
        await files.make(dataPath(stateDirectory, schema));
        await files.writeNote(notePath(stateDirectory), { inUse: schema, kept: [] });
        return open({ inUse: schema, kept: [] }, '');
      case 'migrate': {
        await migrate(stateDirectory, { inUse, kept }, decision.path, options);
        return open(
          { inUse: schema, kept: [inUse] },
          `what this host keeps was brought from schema ${inUse} to ${schema}`,
        );
      }
      case 'return': {
        const note = { inUse: schema, kept: kept.filter((one) => one < schema) };
        await files.writeNote(notePath(stateDirectory), note);
        return open(note, `what this host keeps is that of schema ${schema} again, from before it had ${inUse}`);
      }
      case 'refuse':
        throw new BerthError('UNSUPPORTED', decision.why, {
          hint: 'nothing was changed; the release that wrote it, or a newer one, reads it',
        });
    }
  }

  /** Schemas of which a copy is kept. */
  get kept(): readonly number[] {
    return this.#note.kept;
  }

  /** The release that reads what is kept is gone. Safe to call again. */
  async forgetKept(): Promise<void> {
    if (this.#note.kept.length === 0) return;
    const note = { ...this.#note, kept: [] };
    await this.#files.writeNote(notePath(this.#stateDirectory), note);
    this.#note = note;
    await this.#removeRest();
  }

  /** Whatever does not count, and is not kept: of a migration that was cut off, of a release that was taken back. */
  async #removeRest(): Promise<void> {
    const { inUse, kept } = this.#note;
    const needed = new Set([inUse, ...kept]);
    const copies = copiesPath(this.#stateDirectory);
    for (const name of await this.#files.names(copies))
      if (!needed.has(Number(name))) await this.#files.remove(join(copies, name));
    if (needed.has(1)) return;
    for (const name of agentData) await this.#files.remove(join(this.#stateDirectory, name));
  }
}

/** Makes the data of a newer schema of a copy, and then the one that counts. */
async function migrate(
  stateDirectory: string,
  { inUse, kept }: StateNote,
  path: readonly Migration[],
  { schema, files }: AgentStateOptions,
): Promise<void> {
  const note = notePath(stateDirectory);
  const target = dataPath(stateDirectory, schema);
  // What is about to be overwritten is not to go back to.
  if (kept.includes(schema)) await files.writeNote(note, { inUse, kept: kept.filter((one) => one !== schema) });
  await files.remove(target);
  await files.make(target);
  const source = dataPath(stateDirectory, inUse);
  for (const name of agentData) await files.copy(join(source, name), join(target, name));
  const data = files.open(target);
  for (const migration of path) await migration.migrate(data);
  await files.flush(stateDirectory);
  await files.writeNote(note, { inUse: schema, kept: [inUse] });
}

function notePath(stateDirectory: string): string {
  return join(stateDirectory, 'state-schema');
}
