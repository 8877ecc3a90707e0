import type { DocumentPath, Problem } from '../../core/diagnostic.ts';
import { isHealthTest } from './command-shapes.ts';
import type { ServiceSpec } from './service-keys.ts';

interface Finding {
  /** Path inside the service. */
  readonly path: DocumentPath;
  readonly message: string;
  readonly hint: string;
  /** `warning`: the service runs, though not quite as it says. */
  readonly severity: 'error' | 'warning';
}

type Check = (spec: ServiceSpec) => readonly Finding[];

/** What Compose leaves to the engine to refuse, found before anything is started: one function a rule. */
const checks: readonly Check[] = [
  (spec) =>
    (spec.volumes ?? []).flatMap(({ target }, index) =>
      target.startsWith('/')
        ? []
        : [
            finding(
              ['volumes', index],
              `the target ${JSON.stringify(target)} is not an absolute path`,
              'start it with "/"',
            ),
          ],
    ),
  (spec) =>
    (spec.volumes ?? []).flatMap(({ type, source = '' }, index) =>
      type === 'bind' && !source.startsWith('/')
        ? [
            finding(
              ['volumes', index],
              `the source ${JSON.stringify(source)} is a relative path`,
              'start it with "/": a host config has no folder of its own',
            ),
          ]
        : [],
    ),
  (spec) =>
    (spec.expose ?? []).flatMap((port, index) =>
      /^\d{1,5}(-\d{1,5})?(\/(tcp|udp|sctp))?$/.test(port)
        ? []
        : [
            finding(
              ['expose', index],
              `${JSON.stringify(port)} is not a port`,
              'write a port or a range: "8080", "8000-8010/udp"',
            ),
          ],
    ),
  ({ restart }) =>
    restart === undefined || /^(no|always|unless-stopped|on-failure(:\d+)?)$/.test(restart)
      ? []
      : [
          finding(
            ['restart'],
            `${JSON.stringify(restart)} is not a restart policy`,
            'write no, always, unless-stopped or on-failure[:N]',
          ),
        ],
  ({ healthcheck: { test = [] } = {} }) =>
    isHealthTest(test)
      ? []
      : [
          finding(
            ['healthcheck', 'test'],
            `the test must start with CMD, CMD-SHELL or NONE, found ${JSON.stringify(test[0])}`,
            'write ["CMD", "program", "argument"], or one line of text for a shell',
          ),
        ],
  (spec) =>
    spec.stop_signal === undefined || /^(SIG)?[A-Z][A-Z0-9+-]*$|^\d+$/.test(spec.stop_signal)
      ? []
      : [
          finding(
            ['stop_signal'],
            `${JSON.stringify(spec.stop_signal)} is not a signal`,
            'write its name or number: SIGTERM, 15',
          ),
        ],
  (spec) =>
    spec.container_name === undefined || /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(spec.container_name)
      ? []
      : [
          finding(
            ['container_name'],
            `${JSON.stringify(spec.container_name)} is not a container name`,
            'use letters, digits, "_", "." and "-"',
          ),
        ],
  ({ pull_policy: policy = 'missing' }) =>
    ['missing', 'if_not_present', 'never'].includes(policy)
      ? []
      : [
          {
            path: ['pull_policy'],
            message: `an image that is there is not pulled again, as ${JSON.stringify(policy)} asks for`,
            hint: 'give a new version a new tag, or name it by its digest: what is not there is pulled',
            severity: 'warning',
          },
        ],
  ({ scale }) => oneContainer(['scale'], scale),
  ({ deploy }) => oneContainer(['deploy', 'replicas'], deploy?.replicas),
];

/** Problems with a service that the engine would only find when starting it. Pure. */
export function checkForHost(spec: ServiceSpec, path: DocumentPath): Problem[] {
  return checks.flatMap((check) =>
    check(spec).map(({ path: inner, message, hint, severity }) => ({
      path: [...path, ...inner],
      severity,
      code: severity === 'error' ? 'invalid-value' : 'unsupported',
      message,
      hint,
    })),
  );
}

function finding(path: DocumentPath, message: string, hint: string): Finding {
  return { path, message, hint, severity: 'error' };
}

/** 0 (the service does not run) and 1 are as declared. */
function oneContainer(path: DocumentPath, count = 1): readonly Finding[] {
  if (count <= 1) return [];
  const message = `${count} containers are asked for, one runs: a service has one container here`;
  const hint = 'declare more services, which can share their keys by a YAML anchor and "<<"';
  return [{ path, message, hint, severity: 'warning' }];
}
