import type { EngineName } from '../config/service-spec.ts';
import type { StepBase } from '../core/plan.ts';
import type { DesiredNetwork, DesiredService, DesiredVolume, ImageReturn, ObservedContainer } from './model.ts';

interface ServiceStepBase extends StepBase {
  readonly engine: EngineName;
  /** Conditions that do not hold yet; the step is not started before they do. */
  readonly waitsFor: readonly string[];
  /** Milliseconds since the epoch; not started before. */
  readonly notBefore?: number;
}

/** Everything the service reconciler can do to an engine. Each is idempotent and safe to repeat after a crash. */
export type ServiceStep = ServiceStepBase &
  (
    | { readonly kind: 'pull-image'; readonly service: DesiredService }
    /** A reference stands for an earlier image again. */
    | { readonly kind: 'return-image'; readonly service: DesiredService; readonly image: ImageReturn }
    | { readonly kind: 'create-network'; readonly network: DesiredNetwork }
    | { readonly kind: 'remove-network'; readonly name: string }
    | { readonly kind: 'create-volume'; readonly volume: DesiredVolume }
    /** Create and start; `discard` goes first (a stopped container in the way). */
    | {
        readonly kind: 'start-service';
        readonly service: DesiredService;
        readonly discard?: ObservedContainer;
        readonly askedAt?: number;
      }
    /** Start the container that is there. */
    | { readonly kind: 'resume-service'; readonly service: DesiredService; readonly container: ObservedContainer }
    /** `askedAt`: a container that runs since later than that has been restarted already. */
    | {
        readonly kind: 'restart-service';
        readonly service: DesiredService;
        readonly container: ObservedContainer;
        readonly askedAt?: number;
      }
    | { readonly kind: 'stop-service'; readonly service: DesiredService; readonly container: ObservedContainer }
    /** New container in, old one kept stopped as `.previous` until the new one is proven. */
    | {
        readonly kind: 'replace-service';
        readonly service: DesiredService;
        readonly container: ObservedContainer | undefined;
        readonly next: ObservedContainer | undefined;
      }
    /** Hand-over: the new container runs beside the old one. */
    | {
        readonly kind: 'start-next';
        readonly service: DesiredService;
        readonly container: ObservedContainer;
        readonly next: ObservedContainer | undefined;
      }
    | {
        readonly kind: 'promote-next';
        readonly service: DesiredService;
        readonly container: ObservedContainer;
        readonly next: ObservedContainer;
      }
    /** Back to the container before: the new one failed. */
    | {
        readonly kind: 'restore-service';
        readonly service: DesiredService;
        readonly failed: ObservedContainer | undefined;
        readonly previous: ObservedContainer;
        /** The version to remember as bad. */
        readonly rejects: { readonly version: string; readonly why: string } | undefined;
      }
    /** The container is in nobody's way any more: a proven rollout's old one, a crash's left-over, a finished run. */
    | {
        readonly kind: 'discard-container';
        readonly container: ObservedContainer;
        readonly rejects?: { readonly service: string; readonly version: string; readonly why: string };
      }
    | { readonly kind: 'remove-service'; readonly name: string; readonly container: ObservedContainer }
    | {
        readonly kind: 'run-job';
        readonly service: DesiredService;
        readonly dueMs: number;
        readonly discard: readonly ObservedContainer[];
        readonly skip: boolean;
      }
  );

export type ServiceStepKind = ServiceStep['kind'];

/** What brings the image that a start needs. The service's own trouble is not over with these. */
export const imageKinds: ReadonlySet<ServiceStepKind> = new Set(['pull-image', 'return-image']);
/** The step of one kind. */
export type StepOf<K extends ServiceStepKind> = Extract<ServiceStep, { kind: K }>;

/** Whose memory keeps what became of a step: its service's, or that of the subject itself (`network/berth_front`). */
export function memoryKeyOf(step: ServiceStep): string {
  return aboutService(step) ? step.service.name : step.subject;
}

/** True for the steps whose end changes what is remembered of their service; left-overs and resources are not. */
export function aboutService(step: ServiceStep): step is Extract<ServiceStep, { readonly service: DesiredService }> {
  return 'service' in step && !leftoverKinds.has(step.kind);
}

const leftoverKinds: ReadonlySet<ServiceStepKind> = new Set(['discard-container', 'remove-service']);
