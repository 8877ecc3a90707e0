import { join } from 'node:path';
import { messageOf } from '../src/core/errors.ts';
import { buildSystemContainers } from './system-containers.ts';

/** `node image/build-system-containers.ts [NAME…]`: builds the images that are not cached and says where they are. */
async function main(names: readonly string[]): Promise<void> {
  const images = await buildSystemContainers({
    recipesDirectory: join(import.meta.dirname, '..', 'system-containers'),
    ...(names.length === 0 ? {} : { names }),
    onProgress: (line) => console.error(line),
  });
  for (const image of images) {
    const size = `${(image.sizeBytes / 1e6).toFixed(1)} MB`;
    console.log(
      `${image.reference.padEnd(26)} ${size.padStart(9)}  ${image.cached ? 'cached' : 'built '}  ${image.archive}`,
    );
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
