import { BerthError } from '../../core/errors.ts';
import type { Place } from '../place.ts';
import { oneOf } from '../shape.ts';
import { type ComposeShape, converted, listOf, oneOrList, plain, shortOr, uniqueListOf } from './compose-shape.ts';
import { labels } from './pair-shapes.ts';
import { recordOf } from './record-of.ts';
import { bytes, fileMode, parsed, text, textOrNumber, truth } from './scalar-shapes.ts';
import type { DeviceMapping, EnvFile, FileReference, VolumeMount } from './types.ts';
import { parseVolumeShort, propagations } from './volume.ts';

const longMount = recordOf<VolumeMount>({
  noun: 'a mount',
  fields: {
    type: plain(oneOf(['bind', 'volume', 'tmpfs', 'npipe', 'cluster', 'image'])),
    source: text,
    target: text,
    read_only: truth,
    consistency: text,
    bind: recordOf<NonNullable<VolumeMount['bind']>>({
      noun: 'bind options',
      fields: {
        propagation: plain(oneOf([...propagations])),
        create_host_path: truth,
        selinux: plain(oneOf(['z', 'Z'])),
        recursive: plain(oneOf(['enabled', 'disabled', 'writable', 'readonly'])),
      },
      defaults: { create_host_path: true },
      hidden: { create_host_path: true },
    }),
    volume: recordOf<NonNullable<VolumeMount['volume']>>({
      noun: 'volume options',
      fields: { nocopy: truth, subpath: text, labels },
    }),
    tmpfs: recordOf<NonNullable<VolumeMount['tmpfs']>>({
      noun: 'tmpfs options',
      fields: { size: bytes, mode: { ...fileMode, print: (mode) => mode } },
      hidden: { size: 0 },
    }),
    image: recordOf<NonNullable<VolumeMount['image']>>({ noun: 'image options', fields: { subpath: text } }),
  },
  required: ['type', 'target'],
  hidden: { read_only: false },
  check: checkMount,
});

function checkMount({ type, source }: VolumeMount, place: Place): void {
  if (type === 'bind' && (source === undefined || source === '')) {
    place.error('invalid-value', 'a bind mount needs a source', 'add "source", a path on the host');
  }
}

/** Mounts of a service; a target is mounted once. */
export const mounts = uniqueListOf(
  shortOr(
    parsed(parseVolumeShort, (mount) => longMount.print(mount)),
    longMount,
  ),
  ({ target }) => target,
);

/** Writes a mount in the long form. */
export function printMount(mount: VolumeMount): unknown {
  return longMount.print(mount);
}

/** `SOURCE[:TARGET[:PERMISSIONS]]` of a device, or its long form. */
const longDevice = recordOf<Partial<DeviceMapping> & Pick<DeviceMapping, 'source'>>({
  noun: 'a device',
  fields: { source: text, target: text, permissions: text },
  required: ['source'],
});

const shortDevice = parsed((value) => {
  const [source = '', target = source, permissions = 'rwm', ...more] = value.split(':');
  if (source !== '' && target !== '' && more.length === 0) return { source, target, permissions };
  throw new BerthError('CONFIG_INVALID', `${JSON.stringify(value)} is not a device`, {
    hint: 'write "/dev/source", "/dev/source:/dev/target" or "/dev/source:/dev/target:rwm"',
  });
}, identity);

export const devices: ComposeShape<DeviceMapping[]> = listOf(
  shortOr<DeviceMapping>(
    shortDevice,
    converted(
      longDevice,
      ({ source, target = source, permissions = 'rwm' }) => ({ source, target, permissions }),
      identity,
    ),
  ),
);

/** Files with environment variables: a path or a list; a file that is not `required` may be missing. */
const envFile = shortOr<EnvFile>(
  parsed((path) => ({ path, required: true }), identity),
  recordOf<EnvFile>({
    noun: 'an environment file',
    fields: { path: text, required: truth, format: text },
    defaults: { required: true },
    required: ['path'],
  }),
);
export const envFiles = oneOrList(
  envFile,
  uniqueListOf(envFile, ({ path }) => path),
);

/** Uses of top-level secrets or configs. */
export const fileReferences = listOf(
  shortOr<FileReference>(
    parsed((source) => ({ source }), identity),
    recordOf<FileReference>({
      noun: 'a use of a secret or config',
      fields: { source: text, target: text, uid: textOrNumber, gid: textOrNumber, mode: fileMode },
      required: ['source'],
    }),
  ),
);

function identity<T>(value: T): T {
  return value;
}
