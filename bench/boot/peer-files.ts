import { services } from './services.ts';

/** A file that is added to Debian's tree. */
export interface PeerFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  readonly mode?: number;
}

/** Where the peer's image archive lies. */
export const imageArchivePath = '/opt/bench/image.tar';
const composePath = '/opt/bench/compose.yaml';

/** Tells on the console what the engine says of its containers' health. One small program that waits: netcat. */
const watcher = `#!/bin/sh
request='GET /events?since=1&filters=%7B%22event%22%3A%5B%22health_status%22%5D%7D HTTP/1.0\\r\\n\\r\\n'
printf %b "$request" | nc -U /run/docker.sock | while read -r line; do
  case $line in
    HTTP/*)
      read -r uptime _ < /proc/uptime
      echo "bench: the engine answers after $uptime s" > /dev/console
      ;;
    *'health_status: healthy'*)
      name=\${line##*'"name":"'}
      echo "bench: \${name%%'"'*} is healthy" > /dev/console
      ;;
  esac
done
`;

const watcherUnit = `[Unit]
Description=Tells the benchmark which containers are healthy
After=docker.service

[Service]
ExecStart=/usr/local/sbin/bench-watch

[Install]
WantedBy=multi-user.target
`;

/** A shell at a terminal does not mind SIGTERM: the peer's shutdown would wait a minute and a half for it. */
const shellUnit = `[Unit]
Description=A shell for the benchmark's questions on the second serial port

[Service]
ExecStart=/bin/sh
StandardInput=tty-force
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS1
Restart=always
KillSignal=SIGKILL

[Install]
WantedBy=multi-user.target
`;

/** NoCloud only, and nothing that takes time and that nobody here needs. */
const cloudConfig = `datasource_list: [NoCloud]
ssh_genkeytypes: [ed25519]
locale: false
apt: {preserve_sources_list: true}
system_info: {network: {renderers: [networkd]}}
`;

/** What is added to Debian's tree. Pure. */
export const peerFiles: readonly PeerFile[] = [
  { path: '/etc/fstab', text: '/dev/vda / ext4 defaults,noatime 0 1\n' },
  { path: '/etc/hostname', text: 'peer\n' },
  { path: '/etc/cloud/cloud.cfg.d/90_bench.cfg', text: cloudConfig },
  { path: '/etc/systemd/system/bench-watch.service', text: watcherUnit },
  { path: '/etc/systemd/system/bench-shell.service', text: shellUnit },
  { path: '/usr/local/sbin/bench-watch', text: watcher, mode: 0o755 },
];

/** Units that are switched on in the peer, and off: nothing waits for the network, on either host. */
export const peerUnits = {
  enabled: ['systemd-networkd', 'systemd-resolved', 'bench-watch', 'bench-shell'],
  disabled: ['systemd-networkd-wait-online'],
} as const;

/** What an administrator gives the peer: a project for Compose, whose containers come back with the engine. Pure. */
export function peerUserData(): string {
  const project = {
    services: Object.fromEntries(
      Object.entries(services).map(([name, service]) => [
        name,
        { ...service, container_name: name, restart: 'always' },
      ]),
    ),
  };
  const config = {
    write_files: [{ path: composePath, content: JSON.stringify(project) }],
    runcmd: [
      ['docker', 'load', '--quiet', '--input', imageArchivePath],
      ['docker', 'compose', '--project-name', 'bench', '--file', composePath, 'up', '--detach'],
    ],
  };
  // JSON is YAML.
  return `#cloud-config\n${JSON.stringify(config)}\n`;
}
