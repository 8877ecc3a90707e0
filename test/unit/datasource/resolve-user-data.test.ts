import { describe, expect, test } from '@jest/globals';
import { expandUserData } from '../../../src/config/user-data/expand.ts';
import { textOfPart } from '../../../src/config/user-data/part.ts';
import { readIncludes } from '../../../src/datasource/include-list.ts';
import { instanceDataOf } from '../../../src/datasource/instance-data.ts';
import {
  hasIncludes,
  needsNetwork,
  type ResolvePorts,
  resolveUserData,
} from '../../../src/datasource/resolve-user-data.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** A network of documents, which counts what it is asked for. */
class Web implements ResolvePorts {
  readonly asked: string[] = [];
  readonly #documents: Readonly<Record<string, string>>;
  readonly #kept = new Map<string, Uint8Array>();
  readonly instanceData = { v1: { local_hostname: 'web-1' } };

  constructor(documents: Readonly<Record<string, string>>) {
    this.#documents = documents;
  }

  readonly fetch = async (url: string): Promise<Uint8Array | undefined> => {
    this.asked.push(url);
    const text = this.#documents[url];
    return text === undefined ? undefined : bytes(text);
  };
  readonly once = {
    get: async (url: string) => this.#kept.get(url),
    set: async (url: string, content: Uint8Array) => {
      this.#kept.set(url, content);
    },
  };
}

async function resolve(text: string, web = new Web({})): Promise<{ parts: string[]; told: string[]; text: string }> {
  const { text: resolved, diagnostics } = await resolveUserData('u', bytes(text), web, new AbortController().signal);
  return {
    text: resolved,
    parts: expandUserData('u', bytes(resolved)).parts.map((part) => `${part.file} ${part.type} ${textOfPart(part)}`),
    told: diagnostics.map(({ file, line, severity, message }) => `${file}:${line} ${severity} ${message}`),
  };
}

test.each([
  ['#include\nhttp://a/1\n\n# a comment\nhttp://a/2\n', ['http://a/1', 'http://a/2']],
  ['#include http://a/1\nhttp://a/2\n', ['http://a/1', 'http://a/2']],
  ['#include-once\nhttp://a/1\n#include\nhttp://a/2\n', ['http://a/1 once', 'http://a/2']],
  ['#include\r\n  http://a/1  \r\n', ['http://a/1']],
])('the URLs of %j', (text, urls) => {
  expect(readIncludes(text).map(({ url, once }) => (once ? `${url} once` : url))).toEqual(urls);
});

describe('what is included', () => {
  test('stands in the place of the list, also of a list within', async () => {
    const web = new Web({
      'http://a/config': '#cloud-config\na: 1\n',
      'http://a/more': '#include\nhttp://a/script\n',
      'http://a/script': '#!/bin/sh\n',
    });
    const { parts, told } = await resolve('#include\nhttp://a/config\nhttp://a/more\n', web);
    expect(parts).toEqual([
      'u#http://a/config text/cloud-config #cloud-config\na: 1\n',
      'u#http://a/script text/x-shellscript #!/bin/sh\n',
    ]);
    expect(told).toEqual([]);
  });

  test('is asked for once when it says so', async () => {
    const web = new Web({ 'http://a/1': '#cloud-config\na: 1\n' });
    const text = '#include-once\nhttp://a/1\n';
    const first = await resolve(text, web);
    expect(await resolve(text, web)).toEqual(first);
    expect(web.asked).toEqual(['http://a/1']);
    expect([hasIncludes(bytes(text)), needsNetwork(bytes(text))]).toEqual([false, true]);
  });

  test.each([
    ['#include\nhttp://user:secret@a/none?token=x\n', 'u:2 error there is no document at http://a/none'],
    ['#include\nfile:///etc/shadow\n', 'u:2 error file:///etc/shadow is not an http or https URL'],
    ['#include\nhttp://a/loop\n', 'u#http://a/loop:1 error is included by 8 others'],
  ])('%j: an error', async (text, line) => {
    const { told, parts } = await resolve(text, new Web({ 'http://a/loop': '#include\nhttp://a/loop\n' }));
    expect([told, parts]).toEqual([[line], []]);
  });

  test('leads to a hundred URLs at most', async () => {
    const web = new Web({ 'http://a/1': '#!/bin/sh\n' });
    const { told } = await resolve(`#include\n${'http://a/1\n'.repeat(150)}`, web);
    expect([told, web.asked.length]).toEqual([['u:102 error leads to more than 100 URLs'], 100]);
  });
});

describe('templates', () => {
  test('are what they come to', async () => {
    const { parts } = await resolve('## template: jinja\n#cloud-config\nhostname: {{ v1.local_hostname }}\n');
    expect(parts).toEqual(['u#part-1 text/cloud-config \n#cloud-config\nhostname: web-1\n']);
  });

  test.each([
    [
      '## template: jinja\n#cloud-config\na: {{ v1.x }}\n',
      'u:1 warning "v1.x" is not among what is known of this instance',
    ],
    [
      '## template: jinja\nnothing\n',
      'u:1 warning the template, filled in, begins with no header that cloud-init knows; it is ignored',
    ],
    [
      '## template: jinja\n#cloud-config\n{% for %}\n',
      expect.stringContaining('u:1 error the template cannot be filled in'),
    ],
  ])('%j', async (text, line) => expect((await resolve(text)).told).toEqual([line]));
});

test('a document without either stays as it came', async () => {
  const text = 'MIME-Version: 1.0\nContent-Type: text/cloud-config\n\na: 1\n';
  expect((await resolve(text)).text).toBe(text);
});

test('what templates can name', () => {
  const metaData = {
    hostname: 'h',
    publicKeys: ['k'],
    availabilityZone: 'z1',
    raw: { region: 'r', 'local-ipv4': '10.0.0.1' },
  };
  const found = {
    id: 'nocloud',
    origin: '/dev/vdb',
    instanceId: 'i-1',
    metaData,
    digest: '',
    diagnostics: [],
  } as const;
  const data = instanceDataOf(found, { kernelRelease: '6.12', machine: 'x86_64', version: '1.0.0' });
  expect(data).toMatchObject({
    'instance-id': 'i-1',
    v1: {
      'local-hostname': 'h',
      'availability-zone': 'z1',
      region: 'r',
      platform: 'nocloud',
      'public-ssh-keys': ['k'],
    },
    ds: { 'meta-data': { 'local-ipv4': '10.0.0.1' } },
  });
});
