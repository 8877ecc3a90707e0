import { expect, test } from '@jest/globals';
import { sealUserData } from '../../../../src/config/dialects/cloud-init/seal.ts';
import { parseConfig } from '../../../../src/config/parse.ts';
import { passwordHasher } from '../../../../src/config/password.ts';

const hash = passwordHasher('seed');
const secret = '#cloud-config\nusers: [{name: ops, lock_passwd: false, plain_text_passwd: canary}]\n';

test.each([
  ['a config', secret],
  [
    'an archive',
    `#cloud-config-archive\n- ${JSON.stringify(secret)}\n- {type: text/x-shellscript, content: "#!/bin/sh"}\n`,
  ],
  [
    'a message in base64',
    `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n${Buffer.from(secret).toString('base64')}\n--b\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n--b--\n`,
  ],
])('%s is stored without its passwords, and means the same', (_, text) => {
  const sealed = sealUserData(text, hash);
  expect(Buffer.from(sealed).toString()).not.toContain('canary');
  expect(sealed).not.toContain(Buffer.from(secret).toString('base64').slice(0, 40));
  const read = (from: string) => parseConfig([{ file: 'u', text: from }], { passwordSeed: 'seed' }).config;
  expect(read(sealed)).toEqual(read(text));
  expect(sealUserData(sealed, hash)).toBe(sealed);
});

test.each([
  '#!/bin/sh\n',
  '#include\nhttp://a\n',
  '#cloud-config-archive\n- "#cloud-config\\na: 1"\n',
])('%j has none, and stays as it is', (text) => expect(sealUserData(text, hash)).toBe(text));
