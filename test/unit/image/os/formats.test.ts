import { describe, expect, test } from '@jest/globals';
import { withContentId } from '../../../../image/os/formats.ts';

describe('the content id of a vmdk', () => {
  test.each(['deadbeef', '7f3a2', '0'])('%s becomes ours', (drawn) => {
    const descriptor = `# Disk DescriptorFile\nversion=1\nCID=${drawn}\nparentCID=ffffffff\n`;
    expect(withContentId(descriptor)).toBe('# Disk DescriptorFile\nversion=1\nCID=be278000\nparentCID=ffffffff\n');
  });

  test('is missed when it is not there', () => {
    expect(() => withContentId('# Disk DescriptorFile\nparentCID=ffffffff\n')).toThrow('no content id');
  });
});
