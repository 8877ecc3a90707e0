import { describe, expect, test } from '@jest/globals';
import {
  type Architecture,
  diskLayout,
  kernelCommandLine,
  loaderConfig,
  osRelease,
  sfdiskScript,
} from '../../../../image/os/layout.ts';

const mebibyte = 2 ** 20;

describe.each<Architecture>(['amd64', 'arm64'])('the disk of %s', (architecture) => {
  const layout = diskLayout(architecture);

  test('has its partitions in order, aligned, without holes or overlaps', () => {
    expect(layout.partitions.map(({ name }) => name)).toEqual(['berth-esp', 'berth-a', 'berth-b', 'berth-state']);
    let end = mebibyte;
    for (const { startBytes, sizeBytes } of layout.partitions) {
      expect(startBytes).toBe(end);
      expect(sizeBytes % mebibyte).toBe(0);
      end = startBytes + sizeBytes;
    }
    expect(layout.sizeBytes).toBe(end + mebibyte);
  });

  test('has slots of the same size and type, and no id twice', () => {
    const [, a, b] = layout.partitions;
    expect([a?.sizeBytes, a?.type]).toEqual([b?.sizeBytes, b?.type]);
    expect(new Set(layout.partitions.map(({ id }) => id)).size).toBe(4);
  });

  test('can be told to sfdisk', () => {
    expect(sfdiskScript(layout).split('\n')).toEqual([
      'label: gpt',
      `label-id: ${layout.diskId}`,
      'sector-size: 512',
      expect.stringContaining('start=2048, size=524288, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B'),
      expect.stringContaining('name="berth-a"'),
      expect.stringContaining('name="berth-b"'),
      expect.stringContaining('name="berth-state"'),
      '',
    ]);
  });
});

test('the command line carries what /usr is verified with, and no console of another architecture', () => {
  const facts = { rootHash: 'ab'.repeat(32), dataBlocks: 59_848 };
  expect(kernelCommandLine('amd64', facts)).toMatch(/^berth\.usr=(ab){32}:59848 console=tty0 console=ttyS0,115200 /);
  expect(kernelCommandLine('arm64', facts)).toContain('console=ttyAMA0');
});

test('the boot loader has no default entry: it would go round the boot counter', () => {
  expect(loaderConfig).not.toContain('default');
});

test('os-release has the version where systemd-boot looks for it', () => {
  const text = osRelease({ version: '1.2.3', architecture: 'amd64' });
  expect(text).toContain('\nVERSION_ID=1.2.3\n');
  expect(text).toContain('\nIMAGE_VERSION=1.2.3\n');
  expect(text.endsWith('\n')).toBe(true);
});
