/** `release.json` of a release of one block. */
export function releaseDocument(version: string, sequence: number) {
  return {
    format: 1,
    product: 'berth',
    version,
    sequence,
    architecture: 'amd64',
    kernel: 'cloud',
    created: '2026-05-01T12:00:00Z',
    stateSchema: { from: 1, to: 1 },
    usr: { sha256: 'a'.repeat(64), bytes: 12_288, dataBlocks: 1, rootHash: 'b'.repeat(64) },
    uki: { name: `berth_${version}.efi`, sha256: 'c'.repeat(64), bytes: 10 },
    artifacts: [{ kind: 'full', name: 'usr.zst', sha256: 'd'.repeat(64), bytes: 20 }],
  };
}
