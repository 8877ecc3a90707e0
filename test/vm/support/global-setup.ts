import { ensureVmPrograms } from '../../../image/vm/requirements.ts';
import { reapOrphans } from './reap.ts';
import { prepareTestImage } from './test-image.ts';

/** Jest's global set-up of the `vm` project: QEMU, the image, and no VMs of test runs that crashed. */
export default async function setUp(): Promise<void> {
  await reapOrphans();
  await ensureVmPrograms('amd64', (line) => void process.stderr.write(`${line}\n`));
  await prepareTestImage();
}
