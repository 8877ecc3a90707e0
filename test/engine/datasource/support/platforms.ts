/** A question as it reached a metadata service. */
export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  readonly remotePort: number;
}

export interface Answer {
  readonly status: number;
  readonly body?: string;
}

/** A platform's metadata service: what it has, and what it refuses as the real one does. */
export interface Platform {
  readonly addresses: { readonly v4?: string; readonly v6?: string; readonly link?: string };
  /** By path and query. */
  readonly documents: Readonly<Record<string, string>>;
  /** Undefined: the question is a good one. `token` is the one that was given out. */
  readonly refuse?: (asked: Asked, token: string | undefined) => Answer | undefined;
  /** Where a PUT gets a token, and with which header it says for how long. */
  readonly token?: {
    readonly path: string;
    readonly lifetime: string;
    readonly longest: number;
    readonly header: string;
  };
  readonly dmi: Readonly<Record<string, string>>;
  /** The path at which the user's config is: without it there is none. */
  readonly userData?: string;
  /** What it says of this machine. */
  readonly expected: { readonly instanceId: string; readonly hostname: string; readonly userData: string };
}

export const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAbc ops@example';
const config = '#cloud-config\nwrite_files: [{path: /opt/x, content: y}]\n';
const packed = Buffer.from(config).toString('base64');
const v4 = '169.254.169.254';
const link = 'fe80::a9fe:a9fe';
const getOnly = ({ method }: Asked): Answer | undefined => (method === 'GET' ? undefined : { status: 405 });

function ec2Like(root: string, zone: string, id: string, hostname: string): Record<string, string> {
  return {
    [`${root}/meta-data/instance-id`]: id,
    [`${root}/meta-data/${hostname}`]: 'web1',
    [`${root}/meta-data/${zone}`]: 'zone-1',
    [`${root}/user-data`]: config,
  };
}
const numbered = (root: string): Record<string, string> => ({
  [`${root}/meta-data/public-keys/`]: '0=ops',
  [`${root}/meta-data/public-keys/0/openssh-key`]: `${key}\n`,
});

/** Written from the vendors' documentation of their services, not from the client. */
export const platforms = {
  ec2: {
    addresses: { v4, v6: 'fd00:ec2::254' },
    dmi: { sys_vendor: 'Amazon EC2' },
    documents: {
      ...ec2Like('/latest', 'placement/availability-zone', 'i-0123456789abcdef0', 'local-hostname'),
      ...numbered('/latest'),
    },
    // Instance metadata options: HttpTokens=required.
    token: {
      path: '/latest/api/token',
      lifetime: 'x-aws-ec2-metadata-token-ttl-seconds',
      longest: 21_600,
      header: 'x-aws-ec2-metadata-token',
    },
    refuse: ({ headers, method }) =>
      headers['x-forwarded-for'] !== undefined && method === 'PUT' ? { status: 403 } : undefined,
    userData: '/latest/user-data',
    expected: { instanceId: 'i-0123456789abcdef0', hostname: 'web1', userData: config },
  },
  gce: {
    addresses: { v4, v6: 'fd20:ce::254' },
    dmi: { product_name: 'Google Compute Engine' },
    documents: {
      '/computeMetadata/v1/instance/id': '3141592653589793238',
      '/computeMetadata/v1/instance/name': 'web1',
      '/computeMetadata/v1/instance/hostname': 'web1.zone.c.example.internal',
      '/computeMetadata/v1/instance/zone': 'projects/1/zones/europe-west1-b',
      '/computeMetadata/v1/instance/attributes/?recursive=true': JSON.stringify({
        'user-data': config,
        'ssh-keys': `ops:${key}`,
      }),
      '/computeMetadata/v1/project/attributes/?recursive=true': '{}',
    },
    refuse: ({ headers, method }) => {
      if (headers['metadata-flavor'] !== 'Google' || headers['x-forwarded-for'] !== undefined) return { status: 403 };
      return method === 'GET' ? undefined : { status: 405 };
    },
    expected: { instanceId: '3141592653589793238', hostname: 'web1', userData: config },
  },
  azure: {
    addresses: { v4 },
    dmi: { chassis_asset_tag: '7783-7084-3265-9085-8269-3286-77' },
    documents: {
      '/metadata/instance?api-version=2021-08-01&extended=true': JSON.stringify({
        compute: {
          vmId: '5c08b38e-4d57-4c23-ac45-aca61037f084',
          osProfile: { computerName: 'web1' },
          publicKeys: [{ keyData: key }],
          userData: packed,
        },
      }),
    },
    refuse: ({ headers, method }) => {
      if (headers['metadata'] !== 'true' || headers['x-forwarded-for'] !== undefined) return { status: 400 };
      return method === 'GET' ? undefined : { status: 405 };
    },
    expected: { instanceId: '5c08b38e-4d57-4c23-ac45-aca61037f084', hostname: 'web1', userData: config },
  },
  openstack: {
    addresses: { v4, link },
    dmi: { product_name: 'OpenStack Nova' },
    documents: {
      '/openstack/latest/meta_data.json': JSON.stringify({ uuid: 'u-1', hostname: 'web1', public_keys: { ops: key } }),
      '/openstack/latest/user_data': config,
    },
    refuse: getOnly,
    userData: '/openstack/latest/user_data',
    expected: { instanceId: 'u-1', hostname: 'web1', userData: config },
  },
  hetzner: {
    addresses: { v4, link },
    dmi: { sys_vendor: 'Hetzner' },
    documents: {
      '/hetzner/v1/metadata': `hostname: web1\ninstance-id: 4711\npublic-keys: ["${key}"]\n`,
      '/hetzner/v1/metadata/private-networks': '[]\n',
      '/hetzner/v1/userdata': config,
    },
    refuse: getOnly,
    userData: '/hetzner/v1/userdata',
    expected: { instanceId: '4711', hostname: 'web1', userData: config },
  },
  digitalocean: {
    addresses: { v4 },
    dmi: { sys_vendor: 'DigitalOcean' },
    documents: {
      '/metadata/v1.json': JSON.stringify({
        ...{ droplet_id: 3, hostname: 'web1', user_data: config, public_keys: [key] },
        features: { dhcp_enabled: true },
      }),
    },
    refuse: getOnly,
    expected: { instanceId: '3', hostname: 'web1', userData: config },
  },
  vultr: {
    addresses: { v4 },
    dmi: { sys_vendor: 'Vultr' },
    documents: {
      '/v1.json': JSON.stringify({
        ...{ 'instance-v2-id': 'v-1', hostname: 'web1', 'user-data': config, 'public-keys': [key] },
      }),
    },
    refuse: ({ headers }) => (headers['metadata-token'] === undefined ? { status: 401 } : undefined),
    expected: { instanceId: 'v-1', hostname: 'web1', userData: config },
  },
  scaleway: {
    addresses: { v4: '169.254.42.42', v6: 'fd00:42::42' },
    dmi: { sys_vendor: 'Scaleway' },
    documents: {
      '/conf?format=json': JSON.stringify({ id: 's-1', hostname: 'web1', ssh_public_keys: [{ key }], tags: [] }),
      '/user_data/cloud-init': config,
    },
    refuse: ({ url, remotePort }) =>
      /^\/(user|vendor)_data/.test(url) && remotePort >= 1024 ? { status: 403 } : undefined,
    userData: '/user_data/cloud-init',
    expected: { instanceId: 's-1', hostname: 'web1', userData: config },
  },
  exoscale: {
    addresses: { v4 },
    dmi: { product_name: 'Exoscale Compute Platform' },
    documents: {
      ...ec2Like('/1.0', 'availability-zone', 'e-1', 'local-hostname'),
      '/1.0/meta-data/public-keys': `${key}\n`,
    },
    refuse: getOnly,
    userData: '/1.0/user-data',
    expected: { instanceId: 'e-1', hostname: 'web1', userData: config },
  },
  oracle: {
    addresses: { v4, v6: 'fd00:c1::a9fe:a9fe' },
    dmi: { chassis_asset_tag: 'OracleCloud.com' },
    documents: {
      '/opc/v2/instance/': JSON.stringify({
        ...{ id: 'ocid1.instance.1', hostname: 'web1' },
        metadata: { user_data: packed, ssh_authorized_keys: key },
      }),
    },
    refuse: ({ headers, url }) => {
      if (headers['x-forwarded-for'] !== undefined) return { status: 403 };
      return url.startsWith('/opc/v2/') && headers['authorization'] !== 'Bearer Oracle' ? { status: 403 } : undefined;
    },
    expected: { instanceId: 'ocid1.instance.1', hostname: 'web1', userData: config },
  },
  akamai: {
    addresses: { v4, v6: 'fd00:a9fe:a9fe::1' },
    dmi: { sys_vendor: 'Akamai' },
    documents: {
      '/v1/instance': JSON.stringify({ id: 7, label: 'web1', region: 'us-east' }),
      '/v1/ssh-keys': JSON.stringify({ users: { root: [key] } }),
      '/v1/user-data': packed,
    },
    token: {
      path: '/v1/token',
      lifetime: 'metadata-token-expiry-seconds',
      longest: 86_400,
      header: 'metadata-token',
    },
    refuse: ({ url, headers, method }) =>
      method === 'GET' && /instance|ssh-keys/.test(url) && headers['accept'] !== 'application/json'
        ? { status: 406 }
        : undefined,
    userData: '/v1/user-data',
    expected: { instanceId: '7', hostname: 'web1', userData: config },
  },
  upcloud: {
    addresses: { v4 },
    dmi: { sys_vendor: 'UpCloud' },
    documents: {
      '/metadata/v1.json': JSON.stringify({
        ...{ instance_id: 'up-1', hostname: 'web1', user_data: config, public_keys: [key] },
      }),
    },
    refuse: getOnly,
    expected: { instanceId: 'up-1', hostname: 'web1', userData: config },
  },
  aliyun: {
    addresses: { v4: '100.100.100.200' },
    dmi: { product_name: 'Alibaba Cloud ECS' },
    documents: { ...ec2Like('/latest', 'zone-id', 'i-bp1', 'hostname'), ...numbered('/latest') },
    // Security-hardened mode.
    token: {
      path: '/latest/api/token',
      lifetime: 'x-aliyun-ecs-metadata-token-ttl-seconds',
      longest: 21_600,
      header: 'x-aliyun-ecs-metadata-token',
    },
    userData: '/latest/user-data',
    expected: { instanceId: 'i-bp1', hostname: 'web1', userData: config },
  },
  cloudstack: {
    // The gateway of the test's network.
    addresses: { v4: '192.0.2.1' },
    dmi: { product_name: 'CloudStack KVM Hypervisor' },
    documents: {
      ...ec2Like('/latest', 'availability-zone', 'VM-1', 'local-hostname'),
      '/latest/meta-data/public-keys': `${key}\n`,
    },
    refuse: getOnly,
    userData: '/latest/user-data',
    expected: { instanceId: 'VM-1', hostname: 'web1', userData: config },
  },
} as const satisfies Record<string, Platform>;

export type PlatformId = keyof typeof platforms;
