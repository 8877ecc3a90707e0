import { connect } from 'node:net';

/** For a server that says nothing at all. */
const patienceMs = 5_000;

/** Connects to a port and hangs up again. Rejects with why that does not go. */
export async function connectBriefly(host: string, port: number): Promise<void> {
  const socket = connect({ host, port, timeout: patienceMs });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
      socket.once('timeout', () => reject(new Error(`no answer in ${patienceMs / 1000} s`)));
    });
  } finally {
    socket.destroy();
  }
}
