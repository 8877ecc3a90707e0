const magic = Buffer.from('openssh-key-v1\0');
/** Keys that are not encrypted are filled up to a multiple of this. */
const blockSize = 8;
const shortestModulus = 1024 / 8;

/**
 * The algorithm of a private key in OpenSSH's own format (PROTOCOL.key); `encrypted`, or `damaged` when its lengths, its padding or
 * the public half that it holds twice do not fit. Pure.
 */
export function readOpenSshKey(bytes: Buffer): string {
  if (!bytes.subarray(0, magic.length).equals(magic)) return 'damaged';
  try {
    return readKey(new FieldReader(bytes.subarray(magic.length)));
  } catch (error) {
    if (error instanceof Damage) return 'damaged';
    throw error;
  }
}

function readKey(outer: FieldReader): string {
  const [cipher] = [outer.text(), outer.text(), outer.field()];
  check(outer.number() === 1);
  const known = outer.field();
  const section = outer.field();
  check(outer.rest.length === 0);
  const algorithm = new FieldReader(known).text();
  if (cipher !== 'none') return 'encrypted';
  check(section.length % blockSize === 0);

  const inner = new FieldReader(section);
  const checks = [inner.number(), inner.number()];
  check(checks[0] === checks[1]);
  check(inner.text() === algorithm);
  const own = publicHalf(algorithm, inner);
  check(Buffer.concat([Buffer.from(algorithm), ...own].map(asField)).equals(known));
  inner.field();
  check(inner.rest.length < blockSize && inner.rest.every((byte, index) => byte === index + 1));
  return algorithm;
}

/** Reads the numbers of a key. @returns those that are public. */
function publicHalf(algorithm: string, inner: FieldReader): readonly Buffer[] {
  if (algorithm === 'ssh-ed25519') {
    const [open, both] = [inner.field(), inner.field()];
    check(open.length === 32 && both.length === 64 && both.subarray(32).equals(open));
    return [open];
  }
  if (algorithm === 'ssh-rsa') {
    const [modulus, exponent] = [inner.field(), inner.field()];
    check([0, 1, 2, 3].every(() => inner.field().length > 0));
    check(modulus.length > shortestModulus);
    return [exponent, modulus];
  }
  check(algorithm.startsWith('ecdsa-sha2-'));
  const [curve, point, scalar] = [inner.field(), inner.field(), inner.field()];
  check(algorithm === `ecdsa-sha2-${curve.toString('latin1')}` && point.length > 0 && scalar.length > 0);
  return [curve, point];
}

function asField(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

class Damage extends Error {}

function check(isAsItShould: boolean): void {
  if (!isAsItShould) throw new Damage();
}

/** Fields with their length before them (RFC 4251, section 5). */
class FieldReader {
  rest: Buffer;

  constructor(bytes: Buffer) {
    this.rest = bytes;
  }

  number(): number {
    return this.#take(4).readUInt32BE();
  }

  field(): Buffer {
    return this.#take(this.number());
  }

  text(): string {
    return this.field().toString('latin1');
  }

  #take(length: number): Buffer {
    check(this.rest.length >= length);
    const taken = this.rest.subarray(0, length);
    this.rest = this.rest.subarray(length);
    return taken;
  }
}
