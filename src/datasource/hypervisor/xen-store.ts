import { BerthError } from '../../core/errors.ts';

/** The way to the store: what is written and read goes as it is. */
export interface XenChannel {
  write(bytes: Uint8Array): Promise<void>;
  /** At most so many bytes, at least one. */
  read(length: number): Promise<Uint8Array>;
}

/** Xen's public/io/xs_wire.h: types of messages. */
const types = { read: 2, watchEvent: 15, error: 16 } as const;
const headerBytes = 16;
/** XENSTORE_PAYLOAD_MAX. */
const maxPayload = 4096;

/** A reader of Xen's store, which speaks its wire protocol. One question at a time. */
export class XenStore {
  readonly #channel: XenChannel;
  #request = 0;

  constructor(channel: XenChannel) {
    this.#channel = channel;
  }

  /**
   * The value at a path, which is relative to the domain's own home unless it begins with a slash. Undefined when there is
   * none, or none that this guest may see. Throws DATASOURCE_UNREADABLE.
   */
  async read(path: string): Promise<string | undefined> {
    this.#request += 1;
    await this.#channel.write(message(types.read, this.#request, `${path}\0`));
    for (;;) {
      const header = Buffer.from(await this.#exactly(headerBytes));
      const [type, request, length] = [header.readUInt32LE(0), header.readUInt32LE(4), header.readUInt32LE(12)];
      if (length > maxPayload) throw unreadable(`a value of ${length} bytes`);
      const text = Buffer.from(await this.#exactly(length)).toString('utf8');
      if (type === types.watchEvent) continue;
      if (request !== this.#request) throw unreadable('an answer to another question');
      if (type === types.read) return text;
      const error = text.replace(/\0.*$/s, '');
      if (type === types.error && ['ENOENT', 'EACCES'].includes(error)) return undefined;
      throw unreadable(type === types.error ? error : `a message of type ${type}`);
    }
  }

  async #exactly(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let missing = length; missing > 0; ) {
      const part = await this.#channel.read(missing);
      if (part.length === 0) throw unreadable('nothing');
      parts.push(part);
      missing -= part.length;
    }
    return new Uint8Array(Buffer.concat(parts));
  }
}

function message(type: number, request: number, payload: string): Uint8Array {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(request, 4);
  header.writeUInt32LE(body.length, 12);
  return new Uint8Array(Buffer.concat([header, body]));
}

function unreadable(what: string): BerthError {
  return new BerthError('DATASOURCE_UNREADABLE', `Xen's store answers with ${what}`);
}
