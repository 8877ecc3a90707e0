/** The image that every service runs: Berth's own busybox container, the same archive on both hosts. */
export const containerImage = 'berth/busybox:latest';

const firstPort = 8101;
const count = 5;

/** Names of the services that both hosts run. */
export const serviceNames: readonly string[] = Array.from({ length: count }, (_, index) => `web${index + 1}`);

/**
 * Five small web servers on the host's network, the last of which waits for the health of the first. In the words of the
 * Compose specification, the same for both hosts. Many health checks a second would keep two emulated processors busy for
 * good, so only those of the start come quickly.
 */
export const services: Readonly<Record<string, object>> = Object.fromEntries(
  serviceNames.map((name, index) => {
    const port = firstPort + index;
    return [
      name,
      {
        image: containerImage,
        pull_policy: 'never',
        network_mode: 'host',
        command: ['httpd', '-f', '-p', `127.0.0.1:${port}`, '-h', '/bin'],
        // A server that ignores SIGTERM would make both hosts wait for the end of its grace.
        stop_signal: 'SIGKILL',
        healthcheck: {
          test: ['CMD', 'wget', '-q', '-O', '/dev/null', `http://127.0.0.1:${port}/busybox`],
          interval: '60s',
          timeout: '30s',
          start_period: '300s',
          start_interval: '500ms',
        },
        ...(index === count - 1 ? { depends_on: { [serviceNames[0] ?? '']: { condition: 'service_healthy' } } } : {}),
      },
    ];
  }),
);
