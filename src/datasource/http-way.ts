import type { ConnectivityConfig } from '../config/host-config.ts';

/** How servers are reached, and believed. */
export interface HttpWay {
  /** PEM certificates that are trusted besides the usual ones. */
  readonly authorities?: readonly string[];
  readonly proxy?: ConnectivityConfig['proxy'];
}
