import type { Clock } from '../../core/clock.ts';
import { readHostFacts } from '../host-facts-reader.ts';
import { MetadataClient } from '../metadata-client.ts';
import { objectPlatformOf } from './object-platform.ts';
import { ObjectStores } from './object-stores.ts';

/** The object stores as this machine can reach them. @param random in [0, 1). */
export function hostObjectStores(clock: Clock, random: () => number): ObjectStores {
  return new ObjectStores({
    metadata: new MetadataClient({ clock, random, onRetry: () => undefined }),
    // Disks do not tell which cloud this is.
    platform: async (signal) => objectPlatformOf(await readHostFacts(async () => Promise.resolve(''), signal)),
    clock,
  });
}
