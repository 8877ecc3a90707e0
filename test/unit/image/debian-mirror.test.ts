import { expect, test } from '@jest/globals';
import { findDebianMirror } from '../../../image/debian-mirror.ts';

const deb822 = `Types: deb
# http://snapshot.example/archive
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main
`;

test.each([
  {
    rule: 'deb822 stanzas are read, comments inside them too',
    texts: [deb822],
    mirror: { archive: 'http://mirror.example/debian', security: 'http://security.example/debian-security' },
  },
  {
    rule: 'one-line sources are read, with options',
    texts: [
      '# deb http://old.example/debian trixie main\ndeb [signed-by=/k.gpg] http://mirror.example/debian/ trixie main contrib # ours\n',
    ],
    mirror: { archive: 'http://mirror.example/debian/' },
  },
  {
    rule: 'a third party that calls its suite bookworm is not Debian',
    texts: ['deb https://packages.example/tool bookworm main\n', deb822],
    mirror: { archive: 'http://mirror.example/debian', security: 'http://security.example/debian-security' },
  },
  {
    rule: 'a mirror list, as in Debian’s cloud images, is taken as it is',
    texts: ['Types: deb deb-src\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: trixie\nComponents: main\n'],
    mirror: { archive: 'mirror+file:///etc/apt/mirrors/debian.list' },
  },
  {
    rule: 'a switched-off stanza does not count',
    texts: ['Types: deb\nEnabled: no\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main\n'],
    mirror: undefined,
  },
  {
    rule: 'another distribution has no Debian mirror',
    texts: ['deb http://archive.example/ubuntu noble main universe\n'],
    mirror: undefined,
  },
])('$rule', ({ texts, mirror }) => {
  expect(findDebianMirror(texts)).toEqual(mirror);
});
