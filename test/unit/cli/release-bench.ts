import { afterEach, beforeEach } from '@jest/globals';
import { writeSmallRelease } from '../update/release-document.ts';
import { Bench, type Outcome } from './run-cli.ts';

/** `berth release …` in a directory that each test of the file has anew. */
export interface ReleaseBench {
  /** The test's own. */
  readonly directory: string;
  readonly run: Bench['run'];
  readonly release: (line: string, now?: number) => Promise<Outcome>;
  /** A small release in `r-VERSION`. */
  readonly makeRelease: (version: string, sequence: number) => Promise<void>;
  /** Keys in `keys`, and a repository in `www`. */
  readonly makeRepository: () => Promise<void>;
}

/** Sets it up for the tests of a file. */
export function releaseBench(): ReleaseBench {
  let bench: Bench | undefined;
  const opened = (): Bench => {
    if (bench === undefined) throw new Error('there is a bench in a test only');
    return bench;
  };
  beforeEach(async () => {
    bench = await Bench.open();
  });
  afterEach(async () => opened().close());
  const release = async (line: string, now?: number): Promise<Outcome> =>
    opened().run(['release', ...line.split(' ')], now === undefined ? {} : { now });
  return {
    get directory() {
      return opened().directory;
    },
    run: async (...words) => opened().run(...words),
    release,
    makeRelease: async (version, sequence) => {
      await writeSmallRelease(opened().directory, version, sequence);
    },
    makeRepository: async () => {
      await release('keygen keys');
      await release('init www --keys keys');
    },
  };
}
