import { expect, test } from '@jest/globals';
import { mountAt } from '../../../../src/services/catalogue/user-engine-root.ts';

const mountinfo = [
  '6 27 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
  '40 6 254:0 /a /state/a rw shared:3 master:1 - ext4 /dev/vda rw',
  '41 6 254:0 /b /state/b rw master:1 - ext4 /dev/vda rw',
  '42 6 254:0 /c /state/with\\040space rw shared:4 - ext4 /dev/vda rw',
  '43 41 254:0 /b /state/b rw shared:5 - ext4 /dev/vda rw',
].join('\n');

test.each([
  { rule: 'a shared mount', path: '/state/a', mount: { shared: true } },
  { rule: 'a private mount', path: '/', mount: { shared: false } },
  { rule: 'the uppermost of two', path: '/state/b', mount: { shared: true } },
  { rule: 'a path with a space', path: '/state/with space', mount: { shared: true } },
  { rule: 'a directory that is no mount point', path: '/state', mount: undefined },
])('$rule is found', ({ path, mount }) => {
  expect(mountAt(mountinfo, path)).toEqual(mount);
});
