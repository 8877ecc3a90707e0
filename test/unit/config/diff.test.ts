import { describe, expect, test } from '@jest/globals';
import { diffConfigs } from '../../../src/config/diff.ts';
import { emptyHostConfig } from '../../../src/config/host-config.ts';
import { examples, parse } from './support.ts';

const rows: { name: string; before: string; after: string; changes: string[] }[] = [
  { name: 'a host name', before: 'hostname: a', after: 'hostname: b', changes: ['hostname changed'] },
  { name: 'a user more', before: 'users: [a]', after: 'users: [a, ops]', changes: ['users.ops added'] },
  { name: 'a user less', before: 'users: [a, ops]', after: 'users: [a]', changes: ['users.ops removed'] },
  {
    name: 'a changed user',
    before: 'users: [{name: a, uid: 1}]',
    after: 'users: [{name: a, uid: 2}]',
    changes: ['users.a changed'],
  },
  { name: 'the order of users', before: 'users: [a, b]', after: 'users: [b, a]', changes: [] },
  {
    name: 'a file',
    before: 'write_files: []',
    after: 'write_files: [{path: /etc/motd}]',
    changes: ['write_files["/etc/motd"] added'],
  },
  { name: 'a mount', before: 'mounts: [[a, /a]]', after: 'mounts: [[b, /a]]', changes: ['mounts["/a"] changed'] },
  {
    name: 'a time server',
    before: 'ntp: {servers: [a]}',
    after: 'ntp: {servers: [b]}',
    changes: ['ntp.servers changed'],
  },
  {
    name: 'a system service',
    before: 'berth: {enable: [ntp]}',
    after: 'berth: {enable: [console]}',
    changes: ['berth.enable.console added', 'berth.enable.ntp removed'],
  },
  {
    name: 'a new service',
    before: 'berth: {}',
    after: 'berth: {services: {web: {image: a}}}',
    changes: ['berth.services.web added'],
  },
  {
    name: 'keys of a service',
    before: 'berth: {services: {web: {image: a, user: x}}}',
    after: 'berth: {services: {web: {image: b, command: [c]}}}',
    changes: [
      'berth.services.web.command added',
      'berth.services.web.image changed',
      'berth.services.web.user removed',
    ],
  },
  {
    name: 'the order of keys',
    before: 'berth: {services: {a: {image: i, labels: {x: "1", y: "2"}}}}',
    after: 'berth: {services: {a: {labels: {y: "2", x: "1"}, image: i}}}',
    changes: [],
  },
  { name: 'a volume', before: 'berth: {volumes: {v: {}}}', after: 'berth: {}', changes: ['berth.volumes.v removed'] },
  {
    name: 'a kernel setting',
    before: 'berth: {sysctl: {a.b: 1}}',
    after: 'berth: {sysctl: {a.b: 2}}',
    changes: ['berth.sysctl["a.b"] changed'],
  },
  {
    name: 'an engine',
    before: 'berth: {}',
    after: 'berth: {engines: {user: {log_driver: none}, image_budget: 1g}}',
    changes: [
      'berth.engines.image_budget changed',
      'berth.engines.user.log_driver changed',
      'berth.engines.user.log_options changed',
    ],
  },
  {
    name: 'the update channel',
    before: 'berth: {}',
    after: 'berth: {update: {channel: beta, feed: "https://r"}}',
    changes: ['berth.update.channel changed', 'berth.update.feed added'],
  },
  {
    name: 'keys of the update that have other names in the model',
    before: 'berth: {update: {strategy: immediate, max_deferral: 1d}}',
    after: 'berth: {update: {strategy: immediate, max_deferral: 2d, rate_limit: 2m}}',
    changes: ['berth.update.max_deferral changed', 'berth.update.rate_limit added'],
  },
];

describe('diffConfigs', () => {
  test.each(rows)('$name', ({ before, after, changes }) => {
    const found = diffConfigs(parse(before).config, parse(after).config);
    expect(found.map(({ key, change }) => `${key} ${change}`)).toEqual(changes);
  });

  test.each(examples)('$name: nothing differs from itself, and something from an empty host', ({ text }) => {
    const { config, sources } = parse(text);
    expect(diffConfigs(config, structuredClone(config))).toEqual([]);
    const added = diffConfigs(emptyHostConfig, config);
    expect(added.length).toBeGreaterThan(0);
    // A key that a person reads in a difference can be looked up in the file.
    expect(added.map(({ key }) => key).filter((key) => !sources().has(key))).toEqual([]);
  });
});
