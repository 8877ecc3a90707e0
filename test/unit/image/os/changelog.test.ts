import { expect, test } from '@jest/globals';
import { fixedVulnerabilities } from '../../../../image/os/changelog.ts';

const changelog = `openssl (3.5.9-1~deb13u1) trixie-security; urgency=medium

  * CVE-2026-1111 (Out of bounds). CVE-2026-22222
  * CVE-2026-1111 again

 -- Someone <s@example.org>  Mon, 01 Jun 2026 10:00:00 +0000

openssl (3.5.1-1) unstable; urgency=medium

  * CVE-2025-0001

 -- Someone <s@example.org>  Mon, 01 Jun 2025 10:00:00 +0000
`;

test.each([
  ['3.5.1-1', ['CVE-2026-1111', 'CVE-2026-22222']],
  ['3.5.1-1+b2', ['CVE-2026-1111', 'CVE-2026-22222']],
  ['3.5.9-1~deb13u1', []],
  [undefined, ['CVE-2025-0001', 'CVE-2026-1111', 'CVE-2026-22222']],
])('since %s', (since, expected) => {
  expect(fixedVulnerabilities(changelog, since)).toEqual(expected);
});
