import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { butaneDocument } from '../src/config/dialects/butane/document.ts';
import { cloudInitDocument } from '../src/config/dialects/cloud-init/document.ts';
import { ignitionDocument } from '../src/config/dialects/ignition/document.ts';
import { networkDocument } from '../src/config/network/document.ts';
import { cloudConfigSchema } from '../src/config/schema.ts';

/** The committed files that are made from the code. Unit tests check that they are up to date. */
const generated: readonly { readonly path: string; readonly content: () => string }[] = [
  { path: 'cloud-config/schema.json', content: () => `${JSON.stringify(cloudConfigSchema(), null, 2)}\n` },
  { path: 'docs/dialects/cloud-init.md', content: cloudInitDocument },
  { path: 'docs/dialects/butane.md', content: butaneDocument },
  { path: 'docs/dialects/ignition.md', content: ignitionDocument },
  { path: 'docs/dialects/network-config.md', content: networkDocument },
];

for (const { path, content } of generated) {
  const file = join(import.meta.dirname, '..', path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content());
}
