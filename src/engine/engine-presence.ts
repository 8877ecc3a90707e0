import { request } from 'node:http';
import { connect } from 'node:net';

/** Whether a Docker engine answers `GET /_ping` at the socket in time. */
export function pingEngine(socketPath: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ socketPath, path: '/_ping', agent: false }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode === 200));
      answer.once('error', () => resolve(false));
    });
    call.setTimeout(timeoutMs, () => call.destroy());
    call.once('error', () => resolve(false));
    // A timeout after the head of the answer ends here only.
    call.once('close', () => resolve(false));
    call.end();
  });
}

/** Whether somebody accepts connections at the socket. */
export function acceptsConnections(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * Resolves when the engine's end of a connection closes, which the kernel does the moment the engine dies, or when the signal
 * aborts. Costs nothing meanwhile: it listens to the engine's events about itself, of which there are hardly any.
 */
export function untilEngineGone(socketPath: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const path = `/events?filters=${encodeURIComponent(JSON.stringify({ type: ['daemon'] }))}`;
    const call = request({ socketPath, path, agent: false, signal }, (answer) => {
      answer.resume();
      answer.once('error', () => resolve());
      answer.once('close', () => resolve());
    });
    call.once('error', () => resolve());
    call.once('close', () => resolve());
    call.end();
  });
}
