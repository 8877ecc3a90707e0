import type { Datasource } from './datasource.ts';
import { parseNoCloud } from './nocloud.ts';

/** A seed in the image itself, in NoCloud's layout: verified with the image, and the same on every host that boots it. */
export const bakedDirectory = '/usr/lib/berth/seed';
const names = ['user-data', 'meta-data', 'vendor-data', 'network-config'] as const;

/** The config that the image was built with: last in the table, so that any other goes before it. */
export const baked: Datasource = {
  id: 'baked',
  title: `the image itself (${bakedDirectory})`,
  matches: ({ seedFiles }) => seedFiles.includes(`${bakedDirectory}/user-data`),
  origin: () => bakedDirectory,
  async fetch(_facts, { files }) {
    const documents = new Map<string, Uint8Array>();
    for (const name of names) {
      const bytes = await files.read(`${bakedDirectory}/${name}`);
      if (bytes !== undefined) documents.set(name, bytes);
    }
    return documents;
  },
  parse: (documents, facts) => parseNoCloud(documents, facts),
};
