import { expect, test } from '@jest/globals';
import { dataOf, ruledVolumes, rulesText } from '../../../../src/agent/volumes/ruled-volume.ts';
import { parseConfig } from '../../../../src/config/parse.ts';
import { enginePaths } from '../../../../src/engine/engine-spec.ts';
import { desiredServices } from '../../../../src/services/desired.ts';

const text = `#cloud-config
berth:
  volumes:
    db: {x-berth: {rollback: forward-only}}
    files: {name: shared-files, x-berth: {rollback: snapshot}}
    logs: {x-berth: {rollback: snapshot}}
    cache: {x-berth: {rollback: keep}}
    other: {}
    unused: {x-berth: {rollback: snapshot}}
  services:
    shop: {image: "shop:1", volumes: ["db:/db", "files:/files", "cache:/cache", "other:/other"]}
    collector: {image: "collector:1", volumes: ["logs:/logs"], network_mode: host, x-berth: {engine: system}}
`;

const { config, diagnostics } = parseConfig([{ file: 'a.yaml', text }], { environment: {}, catalogue: [] });
const desired = desiredServices(config, {
  ...{ instance: 'berth', filesDirectory: '/files', catalogue: new Map(), userEngineIsService: false },
  ...{ overlay: { enabled: [], disabled: [] }, environment: {} },
});

test('the volumes that services use and that have a word on rollbacks are noted for the boot', () => {
  expect(diagnostics).toEqual([]);
  expect(rulesText(ruledVolumes(desired))).toBe(`forward-only user berth_db user-engine/volumes/berth_db/_data
snapshot system berth_logs system-engine/data/volumes/berth_logs/_data
snapshot user shared-files user-engine/volumes/shared-files/_data
`);
});

test('a volume is looked for where the system engine keeps it', () => {
  const { dataRoot } = enginePaths({ stateDir: '/state/system-engine', containerd: { kind: 'own' } });
  expect(`/state/${dataOf({ engine: 'system', name: 'logs' })}`).toBe(`${dataRoot}/volumes/logs/_data`);
});
