import { expect, test } from '@jest/globals';
import { creationMark } from '../../../../src/host/network/creation.ts';
import { type IpAction, ipCommands } from '../../../../src/host/network/ip-commands.ts';

const rows: readonly (readonly [IpAction, readonly string[]])[] = [
  [{ kind: 'rename-link', from: 'eth0', to: 'lan0' }, ['link set dev eth0 down', 'link set dev eth0 name lan0']],
  [
    {
      kind: 'create-link',
      link: 'bond0',
      creation: { kind: 'bond', parameters: { mode: '802.3ad', miimon: '100', lacp_rate: 'fast' } },
      alias: 'berth:x',
    },
    ['link add name bond0 type bond mode 802.3ad miimon 100 lacp_rate fast', 'link set dev bond0 alias berth:x'],
  ],
  [
    { kind: 'create-link', link: 'vlan7', creation: { kind: 'vlan', id: 7, link: 'bond0' }, alias: 'berth:x' },
    ['link add link bond0 name vlan7 type vlan id 7', 'link set dev vlan7 alias berth:x'],
  ],
  [
    {
      kind: 'create-link',
      link: 'br0',
      creation: { kind: 'bridge', parameters: { stp_state: '0' } },
      alias: 'berth:x',
    },
    ['link add name br0 type bridge stp_state 0', 'link set dev br0 alias berth:x'],
  ],
  [{ kind: 'delete-link', link: 'br0' }, ['link delete dev br0']],
  [
    { kind: 'join-link', link: 'eth0', master: 'bond0', isBond: true },
    ['link set dev eth0 down', 'link set dev eth0 master bond0'],
  ],
  [
    { kind: 'join-link', link: 'eth0', master: 'br0', isBond: false },
    ['link set dev eth0 master br0', 'link set dev eth0 up'],
  ],
  [{ kind: 'leave-link', link: 'eth0' }, ['link set dev eth0 nomaster']],
  [{ kind: 'set-primary', link: 'bond0', primary: 'eth0' }, ['link set dev bond0 type bond primary eth0']],
  [{ kind: 'set-mtu', link: 'eth0', mtu: 9000 }, ['link set dev eth0 mtu 9000']],
  [{ kind: 'set-mac', link: 'eth0', macAddress: '02:00:00:00:00:01' }, ['link set dev eth0 address 02:00:00:00:00:01']],
  [{ kind: 'bring-up', link: 'eth0' }, ['link set dev eth0 up']],
  [{ kind: 'add-address', link: 'eth0', address: '10.0.0.2/24' }, ['-4 address replace 10.0.0.2/24 dev eth0 proto 66']],
  [{ kind: 'add-address', link: 'eth0', address: 'fd00::2/64' }, ['-6 address replace fd00::2/64 dev eth0 proto 66']],
  [{ kind: 'remove-address', link: 'eth0', address: '10.0.0.2/24' }, ['-4 address delete 10.0.0.2/24 dev eth0']],
  [
    {
      kind: 'set-route',
      link: 'eth0',
      route: { to: '0.0.0.0/0', via: '10.0.0.1', from: '10.0.0.2', metric: 5, table: 100, mtu: 1400, onLink: true },
    },
    ['-4 route replace 0.0.0.0/0 via 10.0.0.1 dev eth0 src 10.0.0.2 metric 5 table 100 mtu 1400 onlink proto 66'],
  ],
  [
    { kind: 'set-route', link: 'eth0', route: { to: '10.1.0.0/16', scope: 'link' } },
    ['-4 route replace 10.1.0.0/16 dev eth0 scope link proto 66'],
  ],
  [
    { kind: 'set-route', link: 'eth0', route: { to: 'fd01::/64', type: 'blackhole' } },
    ['-6 route replace blackhole fd01::/64 proto 66'],
  ],
  [
    {
      kind: 'remove-route',
      route: {
        to: '::/0',
        via: 'fd00::1',
        link: 'eth0',
        metric: 1024,
        table: 254,
        onLink: false,
        type: 'unicast',
        isOurs: true,
      },
    },
    ['-6 route delete ::/0 via fd00::1 dev eth0 metric 1024 table 254 proto 66'],
  ],
];

test.each(rows.map(([action, commands]) => ({ name: commands.join('; '), action, commands })))('ip $name', ({
  action,
  commands,
}) => {
  expect(ipCommands(action).map((args) => args.join(' '))).toEqual(commands);
});

test('the mark of a created device tells its settings, whatever their order', () => {
  const mark = creationMark({ kind: 'bond', parameters: { mode: '802.3ad', miimon: '100' } });
  expect(mark).toMatch(/^berth:[0-9a-f]{16}$/);
  expect(creationMark({ kind: 'bond', parameters: { miimon: '100', mode: '802.3ad' } })).toBe(mark);
  expect(creationMark({ kind: 'bond', parameters: { miimon: '100', mode: '802.3ad', lacp_rate: 'fast' } })).not.toBe(
    mark,
  );
  expect(creationMark({ kind: 'vlan', id: 7, link: 'eth0' })).not.toBe(
    creationMark({ kind: 'vlan', id: 7, link: 'eth1' }),
  );
});
