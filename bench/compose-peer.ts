import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrivateEngine } from '../test/engine/support/private-engine.ts';
import { timedCommand } from './stopwatch.ts';
import { composeFile, type Workload } from './workload.ts';

/** Docker Compose as its package has it, run beside the engine. Times are of the whole process. */
export class ComposePeer {
  readonly #engine: PrivateEngine;
  readonly #file: string;

  constructor(engine: PrivateEngine) {
    this.#engine = engine;
    this.#file = join(engine.stateDir, 'compose.yaml');
  }

  /** Writes the file that the next `up` reads. */
  async declare(workload: Workload): Promise<void> {
    await writeFile(this.#file, composeFile(workload));
  }

  /** @returns seconds. */
  async up(): Promise<number> {
    return this.#run('up', '--detach');
  }

  /** @returns seconds. */
  async down(): Promise<number> {
    return this.#run('down');
  }

  async #run(...args: string[]): Promise<number> {
    const command = [...this.#engine.command, 'docker-compose', '--project-name', 'bench', '--file', this.#file];
    return timedCommand([...command, ...args], { ...process.env, DOCKER_HOST: `unix://${this.#engine.socket}` });
  }
}
