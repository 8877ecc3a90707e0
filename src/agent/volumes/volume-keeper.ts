import type { EngineName } from '../../config/service-spec.ts';
import { BerthError, messageOf } from '../../core/errors.ts';
import { Turns } from '../../core/turns.ts';
import type { Desired } from '../../services/model.ts';
import type { VolumeStatus } from '../../update/volume-status.ts';
import {
  decideForward,
  type ForwardMark,
  type HeldService,
  marksText,
  marksUnder,
  parseMarks,
  type VolumeRelease,
} from './forward-marks.ts';
import { dataOf, type RuledVolume, ruledVolumes, rulesText, shownVolume } from './ruled-volume.ts';
import type { VolumeFiles } from './volume-files.ts';

/** Services that are kept from running. */
export interface ServiceHolds {
  held(): ReadonlySet<string>;
  /** These, and those that an operator stopped. */
  stopped(): ReadonlySet<string>;
  /** Until an operator starts it, or {@link lift}; one that an operator stopped stays as it is. Durable when it resolves. */
  hold(held: HeldService): Promise<void>;
  lift(service: string): Promise<void>;
}

export interface VolumeKeeperDependencies {
  readonly files: VolumeFiles;
  readonly running: VolumeRelease;
  /** Whether the running release is not on trial (any more). */
  readonly isBlessed: () => boolean;
  readonly holds: ServiceHolds;
  readonly onProblem: (why: string) => void;
}

/**
 * What volumes say of rollbacks, brought to where it counts: copies are made and put back before any service runs, by
 * `keep-volumes` of the image, so also where the agent is what is broken.
 */
export class VolumeKeeper {
  readonly #deps: VolumeKeeperDependencies;
  /** Engines that answer: what is declared may run there. */
  readonly #up = new Set<EngineName>();
  readonly #turns = new Turns();
  #ruled: readonly RuledVolume[] = [];
  /** What was written last; undefined: not read yet. */
  #written: { readonly rules: string; readonly marks: string } | undefined;

  constructor(deps: VolumeKeeperDependencies) {
    this.#deps = deps;
  }

  /** To be called before the services of what is declared may run. What cannot be noted is told. */
  async declare(desired: Desired): Promise<void> {
    await this.#noting(async () => this.#declare(desired));
  }

  /** From now on, services of this engine run with their volumes. What cannot be noted is told. */
  async engineCameUp(engine: EngineName): Promise<void> {
    this.#up.add(engine);
    await this.#noting(async () => this.#mark());
  }

  async #noting(work: () => Promise<void>): Promise<void> {
    await this.#turns.take(work).catch((error: unknown) => {
      this.#deps.onProblem(`what volumes say of rollbacks could not be noted: ${messageOf(error)}`);
    });
  }

  async #declare(desired: Desired): Promise<void> {
    const { files, running, holds } = this.#deps;
    this.#ruled = ruledVolumes(desired);
    const written = (this.#written ??= { rules: await files.read('rules'), marks: await files.read('forward-only') });
    const rules = rulesText(this.#ruled);
    if (rules !== '') await files.noteLast(running, this.#deps.isBlessed());
    if (rules !== written.rules) await files.write('rules', rules);
    this.#written = { ...written, rules };
    const { hold, lift, marks } = decideForward(desired, this.#ruled, parseMarks(written.marks), running, {
      held: holds.held(),
      stopped: holds.stopped(),
    });
    for (const one of hold) await holds.hold(one);
    // After the holds: a power cut in between holds them once more. Before what is lifted, which else would look as if somebody started it.
    await this.#mark(marks);
    for (const one of lift) await holds.lift(one);
  }

  /** A volume whose engine is not up yet keeps the mark that it has: nothing ran with it. */
  async #mark(known?: readonly ForwardMark[]): Promise<void> {
    const { files, running } = this.#deps;
    if (this.#written === undefined) return;
    const before = known ?? parseMarks(this.#written.marks);
    const marks = marksText(marksUnder(this.#ruled, before, running, this.#up));
    if (marks !== this.#written.marks) await files.write('forward-only', marks);
    this.#written = { ...this.#written, marks };
  }

  /** Before a release is taken: whether the copies that are declared can be made, and put back. Throws HOST_REFUSED. */
  async requireCopies(): Promise<void> {
    const { files, running, isBlessed } = this.#deps;
    if (await files.isPuttingBack())
      throw new BerthError(
        'HOST_REFUSED',
        'volumes of a release that was taken back are not yet as they were before it',
        {
          hint: 'the boot problems in `berth status` say why; once /var has room, restart the host: it puts them back, and keeps what is there now in /var/lib/berth/volumes/taken-back',
        },
      );
    // The boot may have found no room for it.
    if (this.#ruled.length > 0)
      await files.noteLast(running, isBlessed()).catch((error: unknown) => {
        throw new BerthError('HOST_REFUSED', `it cannot be noted which release ran last: ${messageOf(error)}`, {
          hint: 'copies of volumes could not be told apart: see that /var takes what is written',
        });
      });
    for (const volume of this.#ruled.filter(({ rollback }) => rollback === 'snapshot')) {
      const why = await files.whyNotCopied(dataOf(volume));
      if (why === undefined) continue;
      throw new BerthError('HOST_REFUSED', `there can be no snapshot of the volume ${shownVolume(volume)}: ${why}`, {
        hint: 'keep it on the state partition, or declare another x-berth.rollback for it: keep, forward-only',
      });
    }
  }

  /** Volumes that go forward only, with which services ran under the running release: nothing goes back past them by itself. */
  get forwardOnly(): string[] {
    const { rootHash } = this.#deps.running;
    return parseMarks(this.#written?.marks ?? '')
      .filter((mark) => mark.rootHash === rootHash)
      .map(shownVolume);
  }

  /** What to tell before another release is taken, a line each. */
  get warnings(): string[] {
    const names = this.#ruled.filter(({ rollback }) => rollback === 'forward-only').map(shownVolume);
    if (names.length === 0) return [];
    return [
      `once services run under it, nothing goes back by itself past volumes that go forward only: ${names.join(', ')}`,
    ];
  }

  /** Somebody wants to go back all the same: services of the other release may run with what is there. */
  async letGoBack(): Promise<void> {
    await this.#turns.take(async () => {
      await this.#deps.files.write('forward-only', '');
      this.#written = this.#written === undefined ? undefined : { ...this.#written, marks: '' };
      // The restart is under way: nothing is marked any more.
      this.#ruled = [];
    });
  }

  /** The running release has proved itself: nothing is put back any more. Safe to call again. */
  async forgetCopies(): Promise<void> {
    await this.#deps.files.dropSnapshot();
  }

  async status(): Promise<VolumeStatus> {
    const { files } = this.#deps;
    const [snapshot, takenBack] = [await files.set('snapshot'), await files.set('taken-back')];
    return {
      snapshot: snapshot === undefined ? null : { version: snapshot.version, volumes: snapshot.volumes },
      takenBack: takenBack ?? null,
      forwardOnly: this.forwardOnly,
    };
  }
}
