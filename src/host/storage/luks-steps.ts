import { randomBytes } from 'node:crypto';
import { BerthError } from '../../core/errors.ts';
import type { BlockDevice, HostPorts } from '../ports.ts';
import type { HostStepOf } from '../step.ts';
import { candidatePath, formerPath, keptPath } from './luks-keys.ts';
import { describeSignature, isVolume } from './signature.ts';

const ownership = { mode: 0o600, uid: 0, gid: 0 };
/** As text, so that a person can copy it: 1024 bits. */
const keyBytes = 128;

type LookAt = (device: string, signal: AbortSignal) => Promise<BlockDevice>;

/** Carries out the steps of encrypted devices. A key is kept for good once it has opened its device. */
export class LuksSteps {
  readonly #ports: HostPorts;
  readonly #lookAt: LookAt;

  /** @param lookAt waits until a device is there; throws NOT_FOUND. */
  constructor(ports: HostPorts, lookAt: LookAt) {
    this.#ports = ports;
    this.#lookAt = lookAt;
  }

  async makeKey({ path, kept }: HostStepOf<'make-key'>): Promise<void> {
    const { files } = this.#ports;
    if (await files.exists(path)) return;
    const key = (await files.read(kept)) ?? Buffer.from(randomBytes(keyBytes).toString('hex'));
    await files.write(path, key, ownership);
  }

  /** What became of the device since the plan was made counts. Throws HOST_REFUSED for what may not be lost. */
  async encrypt(
    { device, request, overwrite, mayDestroy }: HostStepOf<'encrypt-device'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { encryption } = this.#ports;
    const { signature, path } = await this.#lookAt(device, signal);
    const keyPath = candidatePath(request.name);
    const state = isVolume(signature, request) ? await encryption.tryKey(path, keyPath) : 'other-key';
    if (state !== 'opens') {
      const held = describeSignature(signature);
      // Without any key, as a power cut leaves it, nothing that is on it can ever be read.
      const mayBeLost = mayDestroy && (held === undefined || overwrite || state === 'no-keys');
      if (!mayBeLost) {
        const why = signature.kind === 'encrypted' ? ', which the key does not open' : '';
        throw new BerthError('HOST_REFUSED', `${device} holds ${held ?? 'nothing'}${why}`, {
          hint: 'say "overwrite: true" if it may be lost',
        });
      }
      await encryption.encrypt(path, keyPath, request, signal);
    }
    await this.#keep(request.name);
  }

  async open({ device, mapping }: HostStepOf<'open-luks'>, signal: AbortSignal): Promise<void> {
    const { path } = await this.#lookAt(device, signal);
    await this.#ports.encryption.open(path, mapping, signal);
  }

  async #keep(name: string): Promise<void> {
    const { files } = this.#ports;
    const key = await files.read(candidatePath(name));
    if (key === undefined) throw new BerthError('HOST_REFUSED', `the key of ${name} is gone`);
    const before = await files.read(keptPath(name));
    if (before !== undefined && !Buffer.from(before).equals(key))
      await files.write(formerPath(name), before, ownership);
    await files.write(keptPath(name), key, ownership);
    await files.remove(candidatePath(name));
  }
}
