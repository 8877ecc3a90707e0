import type { HostConfig, KeyboardConfig } from '../../config/host-config.ts';
import type { HostPorts } from '../ports.ts';
import type { PlanContext, ResourcePlan } from '../resource.ts';

export interface ObservedKeyboard {
  /** False when the image has no keymap of the declared layout. */
  readonly isKnown: boolean;
  /** File of the keymap that was loaded since the boot. */
  readonly loaded: string | undefined;
}

/** The layout of the kernel itself. */
const kernelLayout: KeyboardConfig = { layout: 'us' };

/** File of the image with the keymap of a layout. Pure. */
export function keymapPath({ layout, variant }: KeyboardConfig): string {
  return `/usr/share/berth/keymaps/${layout}${variant === undefined ? '' : `-${variant}`}.bmap`;
}

/** Looks which keymap is loaded; undefined without a kernel. */
export async function observeKeyboard(
  { keyboard }: HostConfig,
  _previous: HostConfig,
  { files, kernel }: HostPorts,
): Promise<ObservedKeyboard | undefined> {
  if (kernel === undefined) return undefined;
  const isKnown = keyboard === undefined || (await files.exists(keymapPath(keyboard)));
  return { isKnown, loaded: await kernel.keymap() };
}

/** The layout of the keyboard at the host's own console: it does not outlive the boot, so each boot loads it. Pure. */
export function planKeyboard(
  config: HostConfig,
  observed: ObservedKeyboard | undefined,
  context: PlanContext,
): ResourcePlan {
  if (observed === undefined) return {};
  const { isKnown, loaded } = observed;
  const about = { key: 'keyboard', subject: 'host/keyboard' };
  const wanted = config.keyboard ?? (loaded === undefined ? undefined : kernelLayout);
  if (wanted === undefined) return {};
  const title = wanted.variant === undefined ? wanted.layout : `${wanted.layout}, ${wanted.variant}`;
  if (!isKnown) {
    const why = `the image has no keymap of the keyboard layout ${title}`;
    const hint = 'name one of /usr/share/berth/keymaps';
    return { blocked: [{ ...about, why, until: 'config', hint }] };
  }
  const path = keymapPath(wanted);
  if (loaded === path) return {};
  return {
    steps: [context.step({ kind: 'load-keymap', path }, { ...about, summary: `set the keyboard to ${title}` })],
  };
}
