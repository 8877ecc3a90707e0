import { plainContainer as plain } from '../../../src/engine/plain-container.ts';

/** A busybox without anything special, on the host's network. */
export const plainContainer = plain('berth/busybox:latest', { networkMode: 'host' });
