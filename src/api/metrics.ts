import type { MetricFamily } from '../agent/agent-service.ts';
import type { HostStatus, ReleaseSummary } from '../agent/model.ts';
import { settledStates } from '../services/status.ts';

/** What a host's status says in numbers. Pure. */
export function statusMetrics(status: HostStatus): MetricFamily[] {
  const { services, engines, machine, lastRound } = status;
  return [
    gauge('berth_info', 'The version and mode of the agent; always 1.', [
      { labels: { version: status.version, mode: status.mode }, value: 1 },
    ]),
    gauge('berth_generation', 'Number of the applied host config.', [{ value: status.generation }]),
    gauge('berth_start_time_seconds', 'When the agent started, in seconds since the epoch.', [
      { value: Date.parse(status.startedAt) / 1000 },
    ]),
    gauge(
      'berth_host_state',
      '1 for the state the host is in.',
      (['healthy', 'converging', 'degraded'] as const).map((state) => ({
        labels: { state },
        value: Number(status.state === state),
      })),
    ),
    gauge(
      'berth_engine_up',
      '1 when the container engine answers.',
      engines.map(({ name, version, state }) => ({
        labels: { engine: name, version },
        value: Number(state === 'running'),
      })),
    ),
    gauge(
      'berth_service_settled',
      '1 when the service is where it should be: healthy, running, done, scheduled, or stopped by an operator.',
      services.map(({ name, engine, state }) => ({
        labels: { service: name, engine },
        value: Number(settledStates.has(state)),
      })),
    ),
    gauge(
      'berth_service_state',
      '1 for the state the service is in.',
      services.map(({ name, state }) => ({ labels: { service: name, state }, value: 1 })),
    ),
    {
      name: 'berth_service_restarts_total',
      help: 'Restarts by Berth since the config was applied.',
      type: 'counter',
      samples: services.map(({ name, restarts }) => ({ labels: { service: name }, value: restarts })),
    },
    ...releaseMetrics(machine?.release ?? null),
    ...(lastRound === null
      ? []
      : [
          gauge('berth_last_reconcile_duration_seconds', 'How long the last reconcile round took.', [
            { value: lastRound.durationMs / 1000 },
          ]),
        ]),
  ];
}

function releaseMetrics(release: ReleaseSummary | null): MetricFamily[] {
  if (release === null) return [];
  const { version, isBlessed, takenBack, refused = null, staged, lastLook } = release;
  return [
    gauge('berth_os_blessed', '1 when the OS release that runs has proved itself.', [
      { labels: { version }, value: Number(isBlessed) },
    ]),
    gauge(
      'berth_os_taken_back_timestamp_seconds',
      'When the last OS release that failed here was taken back, in seconds since the epoch.',
      takenBack === null ? [] : [{ labels: { version: takenBack.version }, value: Date.parse(takenBack.at) / 1000 }],
    ),
    gauge(
      'berth_os_refused_timestamp_seconds',
      'When an OS release was not taken because the firmware would not start it, in seconds since the epoch.',
      refused === null ? [] : [{ labels: { version: refused.version }, value: Date.parse(refused.at) / 1000 }],
    ),
    gauge(
      'berth_os_staged',
      '1 for an OS release that the next boot takes.',
      staged === null ? [] : [{ labels: { version: staged }, value: 1 }],
    ),
    gauge(
      'berth_os_last_look_timestamp_seconds',
      'When this host last looked for OS releases, in seconds since the epoch.',
      lastLook === null ? [] : [{ value: Date.parse(lastLook.at) / 1000 }],
    ),
    gauge(
      'berth_os_look_failures',
      'Looks for OS releases that failed in a row.',
      lastLook === null ? [] : [{ value: lastLook.failures }],
    ),
  ];
}

/** The agent's own weight, under the names Prometheus' client libraries use. */
export function processMetrics(): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  return [
    gauge('process_resident_memory_bytes', 'Resident memory of the agent.', [{ value: process.memoryUsage.rss() }]),
    {
      name: 'process_cpu_seconds_total',
      help: 'CPU time of the agent, user and system.',
      type: 'counter',
      samples: [{ value: (user + system) / 1e6 }],
    },
  ];
}

/** Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). Pure. */
export function formatMetrics(families: readonly MetricFamily[]): string {
  let text = '';
  for (const { name, help, type, samples } of families) {
    if (samples.length === 0) continue;
    text += `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
    for (const { labels = {}, value } of samples) text += `${name}${formatLabels(labels)} ${value}\n`;
  }
  return text;
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const escaped = value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
    return `${name}="${escaped}"`;
  });
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function gauge(name: string, help: string, samples: MetricFamily['samples']): MetricFamily {
  return { name, help, type: 'gauge', samples };
}
