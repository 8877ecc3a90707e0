/** Values that are put where others were. */
const strange: readonly string[] = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-1',
    '1',
    '420',
    '4096',
    '1.0',
    '1e3',
    '9223372036854775808',
    '""',
    '"/"',
    '"x"',
    '[]',
    '{}',
  ],
  ...[
    '"/etc/../x"',
    '"relative"',
    '"/a//b"',
    '"data:,x"',
    '"data:;base64,eA=="',
    '"data:;base64,eA"',
    '"data:text/plain;charset=utf-8,%41"',
  ],
  ...[
    '"http://example.test/x"',
    '"https://[::1]:80/x"',
    '"http://[::1"',
    '"http://a b/"',
    '"s3://bucket/key?versionId="',
    '"gs://a/b"',
  ],
  ...[
    '"tftp://a/b"',
    '"arn:aws:s3:::bucket/key"',
    '"oem:///x"',
    '"ftp://x"',
    '"%zz"',
    '"sha512-00"',
    '"sha256-00"',
    '"gzip"',
    '"none"',
  ],
  ...[
    '"ext4"',
    '"swap"',
    '"raid1"',
    '"linear"',
    '"unit.service"',
    '"a.conf"',
    '"[Unit]\\nA=b"',
    '"[Install]\\nWantedBy=x"',
    '"[Unit"',
    '"[Unit]\\nx"',
  ],
  ...[2, 3].flatMap((major) => [0, 1, 2, 3, 4, 5, 6].map((minor) => `"${major}.${minor}.0"`)),
  '"3.7.0-experimental"',
];

/** Members that are put into objects. */
const members: readonly string[] = [
  ...[
    'path',
    'source',
    'mode',
    'device',
    'name',
    'level',
    'format',
    'label',
    'target',
    'hard',
    'overwrite',
    'enabled',
    'contents',
  ],
  ...[
    'hash',
    'number',
    'sizeMiB',
    'startMiB',
    'size',
    'start',
    'shouldExist',
    'wipeTable',
    'wipeFilesystem',
    'compression',
    'user',
  ],
  ...[
    'group',
    'id',
    'filesystem',
    'append',
    'mount',
    'create',
    'uuid',
    'options',
    'guid',
    'typeGuid',
    'url',
    'thumbprint',
    'clevis',
  ],
  ...[
    'httpHeaders',
    'verification',
    'mountOptions',
    'Path',
    'SOURCE',
    'unknown',
    'uid',
    'groups',
    'gecos',
    'httpsProxy',
    'luks',
    'cex',
  ],
];

/** A JSON text changed in one to three places; what is no JSON any more is meant to be. */
export function mutateJson(text: string, random: () => number): string {
  let changed = text;
  const rounds = 1 + Math.floor(random() * 3);
  for (let round = 0; round < rounds; round += 1) changed = change(changed, random);
  return changed;
}

function change(text: string, random: () => number): string {
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const at = Math.floor(random() * text.length);
  const choice = random();
  const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d[\d.eE+-]*|true|false|null/g)];
  const token = pick(tokens);
  if (choice < 0.45 && token !== undefined) return splice(text, token.index, token[0].length, pick(strange) ?? '');
  if (choice < 0.6 && token !== undefined) {
    // Another value of the same text: things that must not be the same become so.
    return splice(text, token.index, token[0].length, pick(tokens)?.[0] ?? '');
  }
  if (choice < 0.75) {
    const brace = pick([...text.matchAll(/\{/g)]);
    const member = `"${pick(members) ?? ''}": ${pick(strange) ?? ''}`;
    if (brace === undefined) return text;
    const isEmpty = /^\{\s*\}/.test(text.slice(brace.index));
    return splice(text, brace.index + 1, 0, isEmpty ? member : `${member}, `);
  }
  if (choice < 0.9) {
    const member = pick([...text.matchAll(/"[^"]+"\s*:\s*(?:"(?:[^"\\]|\\.)*"|-?\d+|true|false|null)\s*,/g)]);
    return member === undefined
      ? text
      : splice(text, member.index, member[0].length, random() < 0.5 ? '' : member[0] + member[0]);
  }
  return random() < 0.5
    ? splice(text, at, 1 + Math.floor(random() * 4), '')
    : splice(text, at, 0, pick(['{', '}', '[', ']', '"', ',', ':', '\\', 'x', '0', ' ']) ?? '');
}

function splice(text: string, at: number, length: number, instead: string): string {
  return text.slice(0, at) + instead + text.slice(at + length);
}
