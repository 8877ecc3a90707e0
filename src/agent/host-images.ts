import { join } from 'node:path';
import type { HostConfig } from '../config/host-config.ts';
import type { Clock } from '../core/clock.ts';
import { runCommand } from '../engine/run-command.ts';
import type { HostMode } from '../host/plan.ts';
import { ImageStore } from '../update/bundle/image-store.ts';
import type { Say } from './boot-console.ts';
import { ImageArchives } from './image-archives.ts';
import { Medium } from './medium.ts';
import { MediumImages } from './medium-images.ts';

export interface HostImagesOptions {
  readonly mode: HostMode;
  readonly stateDirectory: string;
  /** JSON list of the archives that came with Berth. */
  readonly imageIndex: string;
  /** What is declared at present. */
  readonly config: () => HostConfig;
  /** Takes a bundle's service images. @returns their names. */
  readonly bring: (bundle: string) => Promise<readonly string[]>;
  readonly say: Say;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Where this host has images from when no registry gives them. */
export interface HostImages {
  readonly images: ImageArchives;
  /** Those that came with a release. */
  readonly imageStore: ImageStore;
  readonly medium: Medium;
}

/** Puts it together. On somebody's own machine, no disk is looked into. */
export function openImages(options: HostImagesOptions): HostImages {
  const { mode, stateDirectory, imageIndex, config, bring, say, clock, signal } = options;
  const imageStore = new ImageStore(join(stateDirectory, 'carried-images'));
  const medium = new Medium(async (command, args, end) => runCommand(command, args, { signal: end }));
  const onMedium = new MediumImages({ medium, bring, say, clock, signal });
  const lookFurther = async (): Promise<readonly string[]> => (mode === 'host' ? onMedium.look() : []);
  return { images: new ImageArchives([imageIndex, imageStore.index], config, lookFurther), imageStore, medium };
}
