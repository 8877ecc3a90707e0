import { expect, test } from '@jest/globals';
import { XenStore } from '../../../../src/datasource/hypervisor/xen-store.ts';

/** A message of Xen's public/io/xs_wire.h: type, request, transaction, length; then that many bytes. */
function message(type: number, request: number, text: string): Uint8Array {
  const body = Buffer.from(text);
  const header = new Uint32Array([type, request, 0, body.length]);
  return new Uint8Array(Buffer.concat([Buffer.from(header.buffer), body]));
}

const types = { read: 2, watchEvent: 15, error: 16 };

/** A store that answers with these messages, a few bytes at a time; `asked` is what it was told. */
function storeOf(...answers: readonly Uint8Array[]): { store: XenStore; asked: Uint8Array[] } {
  let left = Buffer.concat(answers);
  const asked: Uint8Array[] = [];
  const store = new XenStore({
    write: async (bytes) => void asked.push(bytes),
    read: async (length) => {
      const part = left.subarray(0, Math.min(length, 5));
      left = left.subarray(part.length);
      return new Uint8Array(part);
    },
  });
  return { store, asked };
}

test('a value is asked for as the wire protocol has it', async () => {
  const { store, asked } = storeOf(message(types.read, 1, '#cloud-config\n'), message(types.read, 2, 'é'));
  expect(await store.read('vm-data/userdata')).toBe('#cloud-config\n');
  expect(await store.read('vm-data/metadata')).toBe('é');
  expect(asked).toEqual([message(types.read, 1, 'vm-data/userdata\0'), message(types.read, 2, 'vm-data/metadata\0')]);
});

test.each(['ENOENT', 'EACCES'])('%s is no value', async (error) => {
  expect(await storeOf(message(types.error, 1, `${error}\0`)).store.read('a')).toBeUndefined();
});

test('events of others in between are passed over', async () => {
  const { store } = storeOf(message(types.watchEvent, 0, 'path\0token\0'), message(types.read, 1, 'x'));
  expect(await store.read('a')).toBe('x');
});

test.each<[string, Uint8Array, string]>([
  ['another error', message(types.error, 1, 'EIO\0'), 'EIO'],
  ['another request', message(types.read, 9, 'x'), 'an answer to another question'],
  ['another type', message(3, 1, 'x'), 'a message of type 3'],
  ['an end', message(types.read, 1, 'xy').subarray(0, 17), 'nothing'],
  ['too long a value', message(types.read, 1, 'x'.repeat(4097)), 'a value of 4097 bytes'],
])('%s is refused', async (_name, answer, what) => {
  await expect(storeOf(answer).store.read('a')).rejects.toThrow(`Xen's store answers with ${what}`);
});
