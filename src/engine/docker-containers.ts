import { isBerthError } from '../core/errors.ts';
import type { ContainerConfig } from './container-engine.ts';
import { type DockerConnection, segment } from './docker-connection.ts';
import { containerBody } from './docker-container-body.ts';

/** Creates a container, on every one of its networks or not at all. @returns its id. */
export async function createContainer(
  connection: DockerConnection,
  name: string,
  config: ContainerConfig,
  signal?: AbortSignal,
): Promise<string> {
  const { body, connect } = containerBody(config, await connection.apiMinor(signal));
  const query = { name, ...(config.platform === undefined ? {} : { platform: config.platform }) };
  const created = await connection.object<{ readonly Id: string }>({
    what: `create container ${name}`,
    method: 'POST',
    path: '/containers/create',
    query,
    body,
    signal,
  });
  try {
    for (const { network, endpoint } of connect) {
      await connection.json({
        what: `connect container ${name} to network ${network}`,
        method: 'POST',
        path: `/networks/${segment(network)}/connect`,
        body: { Container: created.Id, EndpointConfig: endpoint },
        signal,
      });
    }
  } catch (error) {
    await removeContainer(connection, created.Id);
    throw error;
  }
  return created.Id;
}

/** Removes a container and its anonymous volumes, killing it when it runs. Waits for a removal that is under way. */
export async function removeContainer(connection: DockerConnection, id: string, signal?: AbortSignal): Promise<void> {
  const path = `/containers/${segment(id)}`;
  const what = `remove container ${id}`;
  try {
    await connection.json({ what, method: 'DELETE', path, query: { force: 1, v: 1 }, signal, accept: [404] });
  } catch (error) {
    if (!isBerthError(error, 'ENGINE_CONFLICT') || !error.message.includes('already in progress')) throw error;
    await connection.json({
      what,
      method: 'POST',
      path: `${path}/wait`,
      query: { condition: 'removed' },
      signal,
      accept: [404],
    });
  }
}
