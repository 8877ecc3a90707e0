import { expect, test } from '@jest/globals';
import { checkBudget, downloadBudgetBytes, type ReleaseFile } from '../../../../image/os/release-files.ts';

function file(kind: ReleaseFile['kind'], sizeBytes: number): ReleaseFile {
  return { name: `berth.${kind}`, kind, sizeBytes, sha256: '' };
}

test.each<[string, ReleaseFile[]]>([
  ['the download at its budget', [file('raw', downloadBudgetBytes)]],
  ['other formats, which are bigger', [file('vmdk', 2 * downloadBudgetBytes), file('sbom', 1)]],
])('takes %s', (_what, files) => {
  expect(() => checkBudget(files)).not.toThrow();
});

test('refuses a download that is one byte over its budget', () => {
  expect(() => checkBudget([file('sbom', 1), file('raw', downloadBudgetBytes + 1)])).toThrow(
    'berth.raw has 190000001 bytes, its budget is 190000000',
  );
});
