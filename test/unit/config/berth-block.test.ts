import { describe, expect, test } from '@jest/globals';
import { defaultEngineOptions, emptyHostConfig, type HostConfig } from '../../../src/config/host-config.ts';
import { brief, parse } from './support.ts';

const { connectivity, engines, update } = emptyHostConfig;
const everyDay = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';

interface Row {
  readonly name: string;
  /** The inside of the block, in flow style: columns count from the `{`, which is the eighth. */
  readonly block: string;
  readonly config?: Partial<HostConfig>;
  readonly diagnostics?: readonly string[];
}

const rows: Row[] = [
  { name: 'services of the catalogue', block: '{enable: [ntp, console]}', config: { enable: ['ntp', 'console'] } },
  {
    name: 'a service the catalogue does not have',
    block: '{enable: [consle]}',
    diagnostics: ['2:18 error unknown-service berth.enable[0]'],
  },
  {
    name: 'a service of one’s own by name',
    block: '{enable: [debug], services: {debug: {image: i, profiles: [dev]}}}',
    config: { enable: ['debug'], compose: expect.anything() as never },
  },
  {
    name: 'a service of one’s own that has an error is known all the same',
    block: '{enable: [debug], services: {debug: {image: [i]}}}',
    config: { enable: ['debug'] },
    diagnostics: ['2:52 error wrong-type berth.services.debug.image'],
  },
  { name: 'an unknown key', block: '{sysctls: {}}', diagnostics: ['2:9 error unknown-key berth.sysctls'] },
  { name: 'a key without a value', block: '{services: }', diagnostics: ['2:9 warning empty-value berth.services'] },
  {
    name: 'kernel settings',
    block: '{sysctl: {net.ipv4.ip_forward: 1, kernel.x: "a b"}}',
    config: { sysctl: { 'net.ipv4.ip_forward': '1', 'kernel.x': 'a b' } },
  },
  {
    name: 'the name of no kernel setting',
    block: '{sysctl: {x: 1}}',
    diagnostics: ['2:21 error invalid-value berth.sysctl.x'],
  },
  { name: 'kernel modules', block: '{modules: [br_netfilter]}', config: { modules: ['br_netfilter'] } },
  {
    name: 'a module twice',
    block: '{modules: [a, a]}',
    config: { modules: ['a'] },
    diagnostics: ['2:22 warning duplicate berth.modules[1]'],
  },
  {
    name: 'kernel arguments',
    block: '{kernel: {arguments: [audit=0, "a.b=\\"x y\\" c"], absent_arguments: [quiet]}}',
    config: { kernelArguments: { present: ['audit=0', 'a.b="x y" c'], absent: ['quiet'] } },
  },
  {
    name: 'kernel arguments that are Berth’s own, or none',
    block:
      '{kernel: {arguments: [init=/bin/sh, "x root=/dev/vda", berth.usr=0, "a\\nb", "a=\\"", "", "\\"a\\"", "a=\\"b cc: c\\""]}}',
    diagnostics: [
      '2:30 error invalid-value berth.kernel.arguments[0]',
      '2:44 error invalid-value berth.kernel.arguments[1]',
      '2:63 error invalid-value berth.kernel.arguments[2]',
      '2:76 error invalid-value berth.kernel.arguments[3]',
      '2:84 error invalid-value berth.kernel.arguments[4]',
      '2:92 error invalid-value berth.kernel.arguments[5]',
      '2:96 error invalid-value berth.kernel.arguments[6]',
      '2:105 error invalid-value berth.kernel.arguments[7]',
    ],
  },
  {
    name: 'a kernel argument that is to be there and not to be there',
    block: '{kernel: {arguments: [quiet], absent_arguments: [quiet]}}',
    diagnostics: ['2:56 error invalid-value berth.kernel.absent_arguments'],
  },
  {
    name: 'name servers alone',
    block: '{dns: [192.0.2.1]}',
    config: { connectivity: { ...connectivity, dns: { servers: ['192.0.2.1'], search: [], options: [] } } },
  },
  {
    name: 'name servers, search domains, options',
    block: '{dns: {servers: [192.0.2.1], search: [a.b], options: [rotate]}}',
    config: {
      connectivity: { ...connectivity, dns: { servers: ['192.0.2.1'], search: ['a.b'], options: ['rotate'] } },
    },
  },
  { name: 'a name as name server', block: '{dns: [a.b]}', diagnostics: ['2:15 error invalid-value berth.dns[0]'] },
  {
    name: 'proxies',
    block: '{proxy: {http: "http://p:1", https: "http://p:2", no_proxy: "a, b"}}',
    config: {
      connectivity: { ...connectivity, proxy: { http: 'http://p:1', https: 'http://p:2', noProxy: ['a', 'b'] } },
    },
  },
  {
    name: 'a proxy that is no URL',
    block: '{proxy: {http: "p:1"}}',
    diagnostics: ['2:23 error invalid-value berth.proxy.http'],
  },
  {
    name: 'certificates',
    block: `{ca_certificates: ["${pem.replaceAll('\n', '\\n')}"]}`,
    config: { connectivity: { ...connectivity, caCertificates: [pem] } },
  },
  {
    name: 'registries',
    block:
      '{registries: {docker.io: {username: u, password: p, mirrors: ["https://m"], insecure: true}, s.example: {}}}',
    config: {
      connectivity: {
        ...connectivity,
        registries: {
          'docker.io': { username: 'u', password: 'p', mirrors: ['https://m'], insecure: true },
          's.example': { mirrors: [], insecure: false },
        },
      },
    },
  },
  {
    name: 'only true and false are booleans here',
    block: '{registries: {r: {insecure: yes}}}',
    config: { connectivity: { ...connectivity, registries: { r: { mirrors: [], insecure: false } } } },
    diagnostics: ['2:36 error wrong-type berth.registries.r.insecure'],
  },
  {
    name: "an engine's log options",
    block: '{engines: {user: {log_options: {max-size: 5m}}}}',
    config: {
      engines: { ...engines, user: { ...defaultEngineOptions, logOptions: { 'max-size': '5m', 'max-file': '3' } } },
    },
  },
  {
    name: 'another log driver comes without the options of the default one',
    block: '{engines: {system: {log_driver: journald, daemon: {debug: true}}}}',
    config: { engines: { ...engines, system: { logDriver: 'journald', logOptions: {}, daemon: { debug: true } } } },
  },
  {
    name: 'what an engine’s daemon.json says is Berth’s to say',
    block: '{engines: {system: {daemon: {debug: true, iptables: true}}}}',
    config: { engines: { ...engines, system: { ...defaultEngineOptions, daemon: { debug: true } } } },
    diagnostics: ['2:50 error invalid-value berth.engines.system.daemon.iptables'],
  },
  {
    name: 'a registry other than docker.io has no use for mirrors',
    block: '{registries: {old.lan: {mirrors: [m.lan]}}}',
    config: { connectivity: { ...connectivity, registries: { 'old.lan': { mirrors: ['m.lan'], insecure: false } } } },
    diagnostics: ['2:32 warning no-effect berth.registries["old.lan"].mirrors'],
  },
  {
    name: 'an image budget',
    block: '{engines: {image_budget: 5g}}',
    config: { engines: { ...engines, imageBudgetBytes: 5 * 2 ** 30 } },
  },
  {
    name: 'an image budget that is no size',
    block: '{engines: {image_budget: much}}',
    diagnostics: ['2:33 error invalid-value berth.engines.image_budget'],
  },
  {
    name: 'image archives',
    block: '{image_archives: [/mnt/images, /opt/web.tar, /mnt/images]}',
    config: { imageArchives: ['/mnt/images', '/opt/web.tar'] },
    diagnostics: ['2:53 warning duplicate berth.image_archives[2]'],
  },
  {
    name: 'an image archive without a place',
    block: '{image_archives: [web.tar, /a/../b]}',
    diagnostics: [
      '2:26 error invalid-value berth.image_archives[0]',
      '2:35 error invalid-value berth.image_archives[1]',
    ],
  },
  {
    name: 'updates off, which is a word here',
    block: '{update: {strategy: off}}',
    config: { update: { ...update, strategy: 'off' } },
  },
  {
    name: 'an update window, whose start is a time of day',
    block: '{update: {feed: "https://r", channel: beta, strategy: window, window: {start: 22:30, duration: 2h}}}',
    config: {
      update: {
        feed: 'https://r',
        channel: 'beta',
        strategy: 'window',
        window: { days: everyDay, start: '22:30', duration: '2h', timezone: 'UTC' },
      },
    },
  },
  {
    name: 'the window strategy without a window',
    block: '{update: {strategy: window}}',
    config: { update: { ...update, strategy: 'window' } },
    diagnostics: ['2:28 error missing-key berth.update.strategy'],
  },
  {
    name: 'a repository in a directory, its root, and how it is asked',
    block:
      '{update: {feed: /mnt/usb/www, root: \'{"signed": {"_type": "root"}}\', schedule: "@daily", rate_limit: 2m, proxy: "http://p:1"}}',
    config: {
      update: {
        ...update,
        feed: '/mnt/usb/www',
        root: '{"signed": {"_type": "root"}}',
        schedule: '@daily',
        rateLimitBytes: 2 * 2 ** 20,
        proxy: 'http://p:1',
      },
    },
  },
  {
    name: 'a repository that is nowhere, a root that is none, no schedule, a trickle, a proxy that is no URL',
    block: '{update: {feed: www, root: "[1]", schedule: "* *", rate_limit: 1000, proxy: /p}}',
    diagnostics: [
      '2:24 error invalid-value berth.update.feed',
      '2:35 error invalid-value berth.update.root',
      '2:52 error invalid-value berth.update.schedule',
      '2:71 error invalid-value berth.update.rate_limit',
      '2:84 error invalid-value berth.update.proxy',
    ],
  },
  {
    name: 'another document of the repository than its root',
    block: '{update: {root: \'{"signed": {"_type": "targets"}}\'}}',
    diagnostics: ['2:24 error invalid-value berth.update.root'],
  },
  {
    name: 'a permit and a window, but not for ever',
    block:
      '{update: {strategy: permit, permit: {file: /mnt/lock}, max_deferral: 7d, window: {start: 01:00, duration: 24h}}}',
    config: {
      update: {
        ...update,
        strategy: 'permit',
        permit: { kind: 'file', path: '/mnt/lock' },
        maxDeferralSeconds: 7 * 86_400,
        window: { days: everyDay, start: '01:00', duration: '24h', timezone: 'UTC' },
      },
    },
    diagnostics: ['2:51 warning own-permit berth.update.permit.file'],
  },
  {
    name: 'the permit strategy without a permit',
    block: '{update: {strategy: permit}}',
    config: { update: { ...update, strategy: 'permit' } },
    diagnostics: ['2:28 error missing-key berth.update.strategy'],
  },
  {
    name: 'what another strategy does not look at',
    block:
      '{update: {strategy: off, schedule: "@daily", window: {start: 01:00, duration: 1h}, permit: {file: /l}, max_deferral: 1d}}',
    config: {
      update: {
        ...update,
        strategy: 'off',
        schedule: '@daily',
        window: { days: everyDay, start: '01:00', duration: '1h', timezone: 'UTC' },
        permit: { kind: 'file', path: '/l' },
        maxDeferralSeconds: 86_400,
      },
    },
    diagnostics: [
      '2:33 warning no-effect berth.update.schedule',
      '2:53 warning no-effect berth.update.window',
      '2:91 warning no-effect berth.update.permit',
      '2:111 warning no-effect berth.update.max_deferral',
    ],
  },
  {
    name: 'the longest deferral keeps inhibitors from keeping an immediate restart up',
    block: '{update: {strategy: immediate, max_deferral: 1d}}',
    config: { update: { ...update, strategy: 'immediate', maxDeferralSeconds: 86_400 } },
  },
  {
    name: 'a window that never opens',
    block: '{update: {strategy: window, window: {days: [], start: 01:00, duration: 5m}}}',
    config: { update: { ...update, strategy: 'window' } },
    diagnostics: ['2:51 error invalid-value berth.update.window.days'],
  },
  {
    name: 'a window of less than five minutes',
    block: '{update: {strategy: window, window: {start: 01:00, duration: 299s}}}',
    config: { update: { ...update, strategy: 'window' } },
    diagnostics: ['2:69 error invalid-value berth.update.window.duration'],
  },
  {
    name: 'a window of more than a day',
    block: '{update: {strategy: window, window: {start: 01:00, duration: 1441m}}}',
    config: { update: { ...update, strategy: 'window' } },
    diagnostics: ['2:69 error invalid-value berth.update.window.duration'],
  },
  {
    name: 'a window without a start, which is there all the same',
    block: '{update: {strategy: window, window: {duration: 1h}}}',
    config: { update: { ...update, strategy: 'window' } },
    diagnostics: ['2:44 error missing-key berth.update.window'],
  },
  {
    name: 'a permit that is no place, which is there all the same',
    block: '{update: {strategy: permit, permit: {file: lock}}}',
    config: { update: { ...update, strategy: 'permit' } },
    diagnostics: ['2:51 error invalid-value berth.update.permit.file'],
  },
  {
    name: 'a window that is refused, and that nobody would look at',
    block: '{update: {strategy: immediate, window: {start: 01:00, duration: 1m}}}',
    config: { update: { ...update, strategy: 'immediate' } },
    diagnostics: ['2:72 error invalid-value berth.update.window.duration'],
  },
  {
    name: 'a strategy that is none says nothing about what others need',
    block: '{update: {strategy: nightly, window: {start: 01:00, duration: 1h}, max_deferral: 1d}}',
    config: {
      update: {
        ...update,
        window: { days: everyDay, start: '01:00', duration: '1h', timezone: 'UTC' },
        maxDeferralSeconds: 86_400,
      },
    },
    diagnostics: ['2:28 error invalid-value berth.update.strategy'],
  },
  {
    name: 'one zone for the schedule and the window',
    block:
      '{update: {timezone: Europe/Berlin, schedule: "@daily", strategy: window, window: {start: 01:00, duration: 1h}}}',
    config: {
      update: {
        ...update,
        timezone: 'Europe/Berlin',
        schedule: '@daily',
        strategy: 'window',
        window: { days: everyDay, start: '01:00', duration: '1h', timezone: 'Europe/Berlin' },
      },
    },
  },
  {
    name: 'a zone of the window that goes over the other, which nothing else needs',
    block:
      '{update: {timezone: Europe/Berlin, strategy: window, window: {start: 01:00, duration: 1h, timezone: Asia/Kolkata}}}',
    config: {
      update: {
        ...update,
        timezone: 'Europe/Berlin',
        strategy: 'window',
        window: { days: everyDay, start: '01:00', duration: '1h', timezone: 'Asia/Kolkata' },
      },
    },
    diagnostics: ['2:18 warning no-effect berth.update.timezone'],
  },
  {
    name: 'a zone that is none, of a schedule',
    block: '{update: {schedule: "@daily", timezone: Berlin}}',
    config: { update: { ...update, schedule: '@daily' } },
    diagnostics: ['2:48 error invalid-value berth.update.timezone'],
  },
  {
    name: 'what a release must show',
    block:
      '{update: {health: {deadline: 10m, checks: [{name: web, http: "http://[::1]/"}, ' +
      '{name: db, level: baseline, tcp: "[::1]:5432"}, {name: own, level: wanted, command: check}]}}}',
    config: {
      update: {
        ...update,
        health: {
          deadlineSeconds: 600,
          checks: [
            { name: 'web', level: 'required', probe: { kind: 'http', url: 'http://[::1]/' } },
            { name: 'db', level: 'baseline', probe: { kind: 'tcp', host: '::1', port: 5432 } },
            { name: 'own', level: 'wanted', probe: { kind: 'command', command: ['check'] } },
          ],
        },
      },
    },
  },
  {
    name: 'checks that ask nothing, or two things',
    block: '{update: {health: {checks: [{name: a}, {name: b, tcp: "h:1", command: x}]}}}',
    config: { update: { ...update, health: { checks: [] } } },
    diagnostics: [
      '2:36 error invalid-value berth.update.health.checks[0]',
      '2:47 error invalid-value berth.update.health.checks[1]',
    ],
  },
  {
    name: 'checks that can never hold, each told once',
    block:
      '{update: {health: {checks: [{name: a, tcp: "db:99999"}, {name: b, tcp: "db:0"}, {name: c, command: []}, ' +
      '{name: d, command: [""]}, {name: e, command: ","}, {name: engine, tcp: "h:1"}, {name: f, command: [1]}]}}}',
    config: { update: { ...update, health: { checks: [] } } },
    diagnostics: [
      '2:51 error invalid-value berth.update.health.checks[0].tcp',
      '2:79 error invalid-value berth.update.health.checks[1].tcp',
      '2:107 error invalid-value berth.update.health.checks[2].command',
      '2:131 error invalid-value berth.update.health.checks[3].command',
      '2:157 error invalid-value berth.update.health.checks[4].command',
      '2:170 error invalid-value berth.update.health.checks[5].name',
      '2:211 error wrong-type berth.update.health.checks[6].command[0]',
    ],
  },
  {
    name: 'ports at both ends',
    block: '{update: {health: {checks: [{name: a, tcp: "db:1"}, {name: b, tcp: "db:65535"}]}}}',
    config: {
      update: {
        ...update,
        health: {
          checks: [
            { name: 'a', level: 'required', probe: { kind: 'tcp', host: 'db', port: 1 } },
            { name: 'b', level: 'required', probe: { kind: 'tcp', host: 'db', port: 65535 } },
          ],
        },
      },
    },
  },
  {
    name: 'a schedule that never comes',
    block: '{update: {schedule: "0 0 31 2 *"}}',
    diagnostics: ['2:28 error invalid-value berth.update.schedule'],
  },
  {
    name: 'schedules that come seldom',
    block: '{update: {schedule: "0 0 29 2 *"}, services: {a: {image: i, x-berth: {schedule: "0 0 31 4,1 *"}}}}',
    config: { update: { ...update, schedule: '0 0 29 2 *' }, compose: expect.anything() as never },
  },
  {
    name: 'the same of a service',
    block: '{services: {a: {image: i, x-berth: {schedule: "0 0 30 2 *"}}}}',
    config: { compose: expect.anything() as never },
    diagnostics: ['2:54 error invalid-value berth.services.a.x-berth.schedule'],
  },
  {
    name: 'a deadline that nobody can keep',
    block: '{update: {health: {deadline: 5s}}}',
    config: { update: { ...update, health: { checks: [] } } },
    diagnostics: ['2:37 error invalid-value berth.update.health.deadline'],
  },
  {
    name: 'a strategy that is none',
    block: '{update: {strategy: stagged}}',
    diagnostics: ['2:28 error invalid-value berth.update.strategy'],
  },
];

describe('the berth block', () => {
  test.each(rows)('$name', ({ block, config = {}, diagnostics = [] }) => {
    const result = parse(`berth: ${block}`);
    expect(brief(result)).toEqual(diagnostics);
    expect(result.config).toEqual({ ...emptyHostConfig, ...config });
  });

  test('something that is no mapping', () => {
    expect(brief(parse('berth: [a]'))).toEqual(['2:8 error wrong-type berth']);
  });
});

describe('the place of a permit', () => {
  const warning = ['3:51 warning own-permit berth.update.permit.file'];
  test.each([
    { name: 'on a server by NFS', mounts: '["nas:/fleet", /mnt, nfs4]', diagnostics: [] },
    {
      name: 'on a server by SMB, below another mount',
      mounts: '[/dev/vdb, /m], ["//nas/fleet", /mnt, cifs]',
      diagnostics: [],
    },
    { name: 'on a directory of the machine around', mounts: '[fleet, /mnt, virtiofs]', diagnostics: [] },
    { name: 'on a cluster file system', mounts: '[/dev/vdb, /mnt, ocfs2]', diagnostics: [] },
    {
      name: 'on a bind mount of what a server has',
      mounts: '["nas:/f", /srv, nfs], [/srv/a, /mnt, none, bind]',
      diagnostics: [],
    },
    { name: 'beside the mount', mounts: '["nas:/fleet", /mnt/nas, nfs4]', diagnostics: warning },
    { name: 'on a device of the host', mounts: '[/dev/vdb, /mnt, ext4]', diagnostics: warning },
    { name: 'in memory', mounts: '[tmpfs, /mnt, tmpfs]', diagnostics: warning },
    { name: 'on a bind mount of the own disk', mounts: '[/srv/a, /mnt, none, bind]', diagnostics: warning },
    { name: 'on a bind mount of itself', mounts: '[/mnt/a, /mnt, none, bind]', diagnostics: warning },
    {
      name: 'on a device above the server’s',
      mounts: '["nas:/f", /mnt, nfs], [LABEL=a, /mnt/fleet, xfs]',
      diagnostics: warning,
    },
  ])('$name', ({ mounts, diagnostics }) => {
    const update = 'update: {strategy: permit, permit: {file: /mnt/fleet/l}}';
    expect(brief(parse(`mounts: [${mounts}]\nberth: {${update}}`))).toEqual(diagnostics);
  });

  test('one without effect is not told twice', () => {
    const result = parse('berth: {update: {strategy: staged, permit: {file: /l}}}');
    expect(brief(result)).toEqual(['2:36 warning no-effect berth.update.permit']);
  });
});

const serviceRows: { name: string; services: string; enable?: string; diagnostics: string[] }[] = [
  {
    name: 'a dependency on another service',
    services: 'a: {image: i, depends_on: [b]}\n    b: {image: i}',
    diagnostics: [],
  },
  {
    name: 'a dependency on a catalogue service',
    services: 'a: {image: i, depends_on: {ntp: {condition: service_healthy}}}',
    diagnostics: [],
  },
  {
    name: 'a dependency on nothing',
    services: 'web: {image: i, depends_on: [dab]}\n    db: {image: i}',
    diagnostics: ['4:34 error unknown-service berth.services.web.depends_on[0]'],
  },
  {
    name: 'a dependency on nothing, long form',
    services: 'web: {image: i, depends_on: {dab: {condition: service_started}}}',
    diagnostics: ['4:34 error unknown-service berth.services.web.depends_on.dab'],
  },
  {
    name: 'a dependency that may be missing',
    services: 'web: {image: i, depends_on: {dab: {condition: service_started, required: false}}}',
    diagnostics: [],
  },
  {
    name: 'a dependency on a service that has an error of its own',
    services: 'web: {image: i, depends_on: [db]}\n    db: {image: [i]}',
    diagnostics: ['5:17 error wrong-type berth.services.db.image'],
  },
  {
    name: 'a circle',
    services: 'a: {image: i, depends_on: [b]}\n    b: {image: i, depends_on: [c]}\n    c: {image: i, depends_on: [b]}',
    diagnostics: ['5:32 error dependency-cycle berth.services.b.depends_on[0]'],
  },
  {
    name: 'a service that depends on itself',
    services: 'a: {image: i, depends_on: [a]}',
    diagnostics: ['4:32 error dependency-cycle berth.services.a.depends_on[0]'],
  },
  {
    name: 'a service without an image',
    services: 'a: {command: [x]}',
    diagnostics: ['4:5 warning no-image berth.services.a'],
  },
  { name: 'an adjusted catalogue service needs no image', services: 'ntp: {command: [x]}', diagnostics: [] },
];

describe('services', () => {
  test.each(serviceRows)('$name', ({ services, diagnostics }) => {
    expect(brief(parse(`berth:\n  services:\n    ${services}`))).toEqual(diagnostics);
  });

  test('a circle is named, and a misspelt dependency suggested', () => {
    const text = 'berth: {services: {a: {image: i, depends_on: [b]}, b: {image: i, depends_on: [a, bb]}}}';
    const { diagnostics } = parse(text);
    expect(diagnostics.map(({ message, hint }) => [message, hint])).toEqual([
      ['services depend on each other in a circle: a → b → a', 'remove one of the dependencies'],
      ['"b" depends on "bb", which does not exist', 'did you mean "b"?'],
    ]);
  });

  test('a misspelt name under enable is suggested, of the catalogue and of one’s own', () => {
    const { diagnostics } = parse('berth: {enable: [consol, debgu, other], services: {debug: {image: i}}}');
    expect(diagnostics.map(({ message, hint }) => [message, hint])).toEqual([
      ['neither the catalogue nor berth.services has a service "consol"', 'did you mean "console"?'],
      ['neither the catalogue nor berth.services has a service "debgu"', 'did you mean "debug"?'],
      ['neither the catalogue nor berth.services has a service "other"', expect.stringMatching(/^the catalogue has /)],
    ]);
  });

  test('being enabled by name is no image', () => {
    expect(brief(parse('berth: {enable: [a], services: {a: {profiles: [x]}}}'))).toEqual([
      '2:33 warning no-image berth.services.a',
    ]);
  });

  test('a chain of thousands of services is no circle', () => {
    const services = Array.from(
      { length: 3000 },
      (_, n) => `    s${n}: {image: i${n < 2999 ? `, depends_on: [s${n + 1}]` : ''}}`,
    );
    expect(brief(parse(`berth:\n  services:\n${services.join('\n')}`))).toEqual([]);
  });

  test('text stays text where Compose wants it', () => {
    const { config } = parse('berth: {services: {a: {image: i, restart: no, ports: [22:22]}}}');
    expect(config.compose.services['a']).toMatchObject({ restart: 'no', ports: [{ target: 22, published: '22' }] });
  });

  test("the config's variables go over the caller's", () => {
    const text = 'berth: {environment: {B: new}, services: {a: {image: "${A}-${B}"}}}';
    const { config } = parse(text, { environment: { A: 'old', B: 'old' } });
    expect(config.compose.services['a']?.image).toBe('old-new');
  });
});
