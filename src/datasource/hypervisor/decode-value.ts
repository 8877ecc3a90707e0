import type { Diagnostic } from '../../core/diagnostic.ts';
import { seedProblem } from '../seed-problem.ts';
import { unpack } from '../unpack.ts';

/** cloud-init's and Ignition's words for how a value is encoded. */
const encodings: Readonly<Record<string, 'base64' | 'gzip'>> = {
  ...{ base64: 'base64', b64: 'base64' },
  ...{ 'gzip+base64': 'gzip', 'gz+b64': 'gzip', 'gz+base64': 'gzip', 'gzip+b64': 'gzip' },
};

/** A value as it was before it was encoded; undefined when it cannot be had, which is reported. Pure. */
export function decodeValue(
  name: string,
  value: string,
  encoding: string | undefined,
  diagnostics: Diagnostic[],
): Uint8Array | undefined {
  const decoded = decode(name, value, (encoding ?? '').trim());
  if (decoded instanceof Uint8Array) return decoded;
  diagnostics.push(decoded);
  return undefined;
}

function decode(name: string, value: string, encoding: string): Uint8Array | Diagnostic {
  if (encoding === '') return new TextEncoder().encode(value);
  const kind = Object.hasOwn(encodings, encoding) ? encodings[encoding] : undefined;
  if (kind === undefined) {
    const message = `has the encoding "${encoding.slice(0, 40)}", which is not known`;
    return seedProblem(name, 'error', 'unsupported', message, `one of ${Object.keys(encodings).join(', ')}, or none`);
  }
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value))
    return seedProblem(name, 'error', 'not-base64', 'is said to be base64, and is not');
  const bytes = new Uint8Array(Buffer.from(value, 'base64'));
  if (kind === 'base64') return bytes;
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b)
    return seedProblem(name, 'error', 'not-gzip', 'is said to be gzip, and is not');
  const unpacked = unpack(name, bytes);
  return unpacked.kind === 'unpacked' ? unpacked.data : unpacked.diagnostic;
}
