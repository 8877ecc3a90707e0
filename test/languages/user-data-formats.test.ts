import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from '@jest/globals';
import { expandUserData } from '../../src/config/user-data/expand.ts';
import { askCloudInit, seeded } from './support/cloud-init-oracle.ts';
import { cloudInitRoot } from './support/cloud-init-package.ts';

let root: string;
beforeAll(async () => {
  root = await cloudInitRoot();
});

const config = '#cloud-config\nhostname: a\n';
const script = '#!/bin/sh\necho "hello" = done\n';
/** Only where a transfer encoding says so: cloud-init itself tears bare UTF-8 in a message, which is not to be had here. */
const greeting = script.replace('hello', 'grüße');
const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64').replace(/.{60}/g, '$&\n');
const quoted = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) =>
      byte === 0x3d || byte > 126 ? `=${byte.toString(16).toUpperCase().padStart(2, '0')}` : String.fromCharCode(byte),
    )
    .join('');

interface Piece {
  readonly headers: readonly string[];
  readonly body: string;
}

const multipart = (boundary: string, pieces: readonly Piece[], lineEnd = '\n', top = true): string =>
  [
    ...(top ? ['MIME-Version: 1.0', `Content-Type: multipart/mixed; boundary="${boundary}"`, '', 'a preamble'] : []),
    ...pieces.flatMap(({ headers, body }) => [`--${boundary}`, ...headers, '', body]),
    `--${boundary}--`,
    'an epilogue',
  ].join(lineEnd);

const plain: Piece = { headers: ['Content-Type: text/plain; charset="utf-8"'], body: config };
const pieces: readonly Piece[] = [
  plain,
  { headers: [], body: script },
  { headers: ['Content-Type: TEXT/X-ShellScript', 'Content-Disposition: attachment; filename="a b.sh"'], body: script },
  { headers: ['Content-Type: text/cloud-config', 'Content-Transfer-Encoding: BASE64'], body: base64(config) },
  { headers: ['Content-Type: text/plain', 'Content-Transfer-Encoding: base64'], body: base64(greeting) },
  {
    headers: ['Content-Type: text/x-shellscript', 'Content-Transfer-Encoding: quoted-printable'],
    body: quoted(greeting),
  },
  {
    headers: ['Content-Type: application/x-gzip', 'Content-Transfer-Encoding: base64'],
    body: base64(gzipSync(config)),
  },
  { headers: ['Content-Type: text/html', 'Content-Disposition: inline;', ' filename=page.html'], body: '<p>' },
  { headers: ['Content-Type: text/x-shellscript-per-boot; name="named.sh"'], body: script },
  { headers: ['Content-Type: text/cloud-boothook'], body: '#cloud-boothook\n#!/bin/sh\n' },
  { headers: ['Content-Type: text/plain'], body: 'no header of any kind' },
  { headers: ['Content-Type: text/plain'], body: '#Cloud-Config\na: 1' },
  {
    headers: ['Content-Type: text/cloud-config-archive'],
    body: '#cloud-config-archive\n- "#!/bin/sh"\n- {content: "a: 1"}\n',
  },
  { headers: ['Content-Type: text/plain'], body: '## template: jinja\n#cloud-config\na: {{ b }}\n' },
  { headers: ['Content-Type: text/part-handler'], body: '#part-handler\n' },
  { headers: ['Content-Type: text/cloud-config', 'Merge-Type: list(append)'], body: '' },
];

const archives = [
  '#cloud-config-archive\n- "#cloud-config\\na: 1"\n- {content: "#!/bin/sh\\n", filename: x.sh}\n- {type: text/cloud-config, content: "b: 2"}\n',
  '#cloud-config-archive\n- {content: "plain"}\n- {type: text/x-shellscript-per-once, content: "#!/bin/sh\\n"}\n',
  `#cloud-config-archive\n${JSON.stringify([config, script, { type: 'text/plain', content: 'x' }])}\n`,
  '#cloud-config-archive\n[]\n',
];

/** Documents in every form, and 200 seeded messages of up to six pieces, some nested, some with Windows' line ends. */
function documents(): Uint8Array[] {
  const seeds = Array.from({ length: 200 }, (_, seed) => {
    const random = seeded(seed + 9001);
    const some = (count: number): Piece[] =>
      Array.from({ length: count }, () => pieces[Math.floor(random() * pieces.length)] ?? plain);
    const list = some(1 + Math.floor(random() * 5));
    if (random() < 0.4) {
      const inner = multipart('in=ner', some(2), '\n', false);
      list.splice(1, 0, { headers: ['Content-Type: multipart/mixed;', '\tboundary="in=ner"'], body: inner });
    }
    const message = multipart('==out er+(1)==', list, random() < 0.2 ? '\r\n' : '\n');
    return random() < 0.2 ? gzipSync(message) : Buffer.from(message);
  });
  const whole = [config, script, '  \n#Cloud-Config\na: 1\n', '#include\n', 'nothing known', '', ...archives];
  const odd = [
    'MIME-Version: 1.0\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n',
    `#cloud-config\nwrite_files: [{content: "MIME-Version: 1.0"}]\n`,
    multipart('open', [plain, plain]).replace('--open--\nan epilogue', ''),
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=bare\n\n--bare\n\n#cloud-config\n--bare--\n',
    'From someone\nMIME-Version: 1.0\nContent-Type: text/plain\n\n#cloud-config\n',
  ];
  return [...whole, ...odd, ...whole.slice(0, 2).map((text) => gzipSync(text)), ...seeds].map(
    (text) => new Uint8Array(Buffer.from(text as string)),
  );
}

test("documents come apart as in cloud-init's own code", () => {
  // Lists of URLs would be fetched by cloud-init.
  const all = documents().filter((bytes) => !/^#include/.test(Buffer.from(bytes).toString('latin1')));
  const { answers } = askCloudInit(
    root,
    all.map((bytes) => ({ document: Buffer.from(bytes).toString('base64') })),
  );
  const different = all.flatMap((bytes, index) => {
    const here = expandUserData('user-data', bytes).parts.map((part) => [
      part.type === 'text/plain' && part.isWhole ? 'text/x-not-multipart' : part.type,
      part.name,
      Buffer.from(part.bytes).toString('base64'),
    ]);
    const same = JSON.stringify(here) === JSON.stringify(answers[index]);
    return same ? [] : [{ document: Buffer.from(bytes).toString('utf8'), here, there: answers[index] }];
  });
  expect([different.length, different.slice(0, 2)]).toEqual([0, []]);
  expect(all.length).toBeGreaterThan(200);
});
