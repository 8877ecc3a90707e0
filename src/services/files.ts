import { createHash } from 'node:crypto';
import type { FileReference, FileSpec } from '../config/service-spec.ts';
import type { MountConfig } from '../engine/container-engine.ts';
import type { ServiceFile } from './model.ts';

export interface ResolvedFile {
  readonly file?: ServiceFile;
  readonly mount?: MountConfig;
  readonly problem?: string;
}

/**
 * A secret or config of a service as a host file and its read-only bind mount. The host path carries the content's
 * digest: a changed secret is a changed mount, hence a new container, and the container's digest never needs the content.
 * Defaults for target and mode: Compose specification, `secrets` and `configs` long syntax.
 */
export function resolveFile(
  use: FileReference,
  spec: FileSpec | undefined,
  kind: 'secret' | 'config',
  directory: string,
  environment: Readonly<Record<string, string>>,
): ResolvedFile {
  if (spec === undefined)
    return { problem: `uses ${kind} "${use.source}", which is not declared under berth.${kind}s` };
  const target = targetOf(use, kind);
  if (spec.file !== undefined) {
    return { mount: { type: 'bind', source: spec.file, target, readOnly: true, createSource: false } };
  }
  const content = spec.content ?? (spec.environment === undefined ? undefined : environment[spec.environment]);
  if (content === undefined) {
    return {
      problem: `${kind} "${use.source}" has no content: it needs one of file, content or a set environment variable`,
    };
  }
  const mode = use.mode ?? (kind === 'secret' ? 0o400 : 0o444);
  const uid = Number(use.uid ?? 0);
  const gid = Number(use.gid ?? 0);
  const version = createHash('sha256')
    .update(JSON.stringify([use.source, content, mode, uid, gid]))
    .digest('hex')
    .slice(0, 24);
  const path = `${directory}/${kind}-${version}`;
  return {
    file: { path, contentBase64: Buffer.from(content).toString('base64'), mode, uid, gid },
    mount: { type: 'bind', source: path, target, readOnly: true, createSource: false },
  };
}

function targetOf(use: FileReference, kind: 'secret' | 'config'): string {
  const target = use.target ?? use.source;
  if (target.startsWith('/')) return target;
  return kind === 'secret' ? `/run/secrets/${target}` : `/${target}`;
}
