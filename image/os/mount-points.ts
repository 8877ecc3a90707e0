import { z } from 'zod';

/** A path in a container that something is mounted on. */
export interface MountPoint {
  readonly path: string;
  readonly kind: 'file' | 'directory';
}

const longVolume = z.object({ target: z.string() });
const mountShape = z.union([z.string(), longVolume]);
const serviceShape = z.object({
  volumes: z.array(mountShape).default([]),
  tmpfs: z.array(z.string()).default([]),
  configs: z.array(mountShape).default([]),
  secrets: z.array(mountShape).default([]),
});
const fileShape = z.object({
  service: serviceShape,
  host: z.object({ service: serviceShape.partial().optional() }).optional(),
});

/**
 * What a catalogue service (a parsed `service.yaml`) mounts below /usr on a host. A bind mount counts as a file: directories
 * are listed in the recipe. Sorted. Pure.
 */
export function mountPointsBelowUsr(service: unknown): MountPoint[] {
  const { service: always, host } = fileShape.parse(service);
  const parts = [always, host?.service ?? {}];
  const volumes = parts.flatMap((part) => part.volumes ?? []).map((volume) => targetOf(volume, 1));
  const tmpfs = parts.flatMap((part) => part.tmpfs ?? []).map((mount) => mount.split(':')[0] ?? '');
  const files = parts
    .flatMap((part) => [...(part.configs ?? []), ...(part.secrets ?? [])])
    .map((file) => targetOf(file, 0));
  return [
    ...volumes.map((path): MountPoint => ({ path, kind: 'file' })),
    ...files.map((path): MountPoint => ({ path, kind: 'file' })),
    ...tmpfs.map((path): MountPoint => ({ path, kind: 'directory' })),
  ]
    .filter(({ path }) => path.startsWith('/usr/'))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Compose's short syntax is SOURCE:TARGET for volumes; configs and secrets by name go elsewhere than /usr. */
function targetOf(mount: z.infer<typeof mountShape>, part: number): string {
  return typeof mount === 'string' ? (mount.split(':')[part] ?? '') : mount.target;
}
