import { readBoundedFile } from './bounded-file.ts';
import { maxDocumentBytes, type SeedFiles } from './seed-ports.ts';

/** Files of this host; `root` is another root directory in tests. */
export class HostSeedFiles implements SeedFiles {
  readonly #root: string;

  constructor(root = '/') {
    this.#root = root;
  }

  read(path: string): Promise<Uint8Array | undefined> {
    return readBoundedFile(this.#root, path, maxDocumentBytes);
  }
}
