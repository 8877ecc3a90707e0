import type { ContainerEngine } from '../engine/container-engine.ts';
import type { ImageSource } from '../services/executor.ts';

/** Makes an image available on an engine: from an archive of this host when there is one, else from its registry. */
export async function provideImage(reference: string, engine: ContainerEngine, images: ImageSource): Promise<void> {
  if ((await engine.inspectImage(reference)) !== undefined) return;
  const archive = await images.archiveOf(reference);
  const auth = images.authFor(reference);
  if (archive.kind === 'found') await engine.loadImage({ reference, open: archive.open });
  else await engine.pullImage(reference, auth === undefined ? {} : { auth });
}
