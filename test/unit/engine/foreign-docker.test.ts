import { describe, expect, test } from '@jest/globals';
import { publishingBridge } from '../../../src/engine/foreign-docker.ts';

const rules = (...lines: string[]) =>
  ['*nat', ':POSTROUTING ACCEPT [0:0]', ':DOCKER - [0:0]', ...lines, 'COMMIT'].join('\n');
const bridgeRules = (bridge: string) => [
  `-A POSTROUTING -s 172.17.0.0/16 ! -o ${bridge} -j MASQUERADE`,
  `-A DOCKER -i ${bridge} -j RETURN`,
];
const publish = (bridge: string) =>
  `-A DOCKER ! -i ${bridge} -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.17.0.2:80`;
const links = ['lo', 'docker0', 'berth0'];

describe('a Docker that does not run but still publishes ports', () => {
  test.each([
    { name: 'on its default bridge', text: rules(...bridgeRules('docker0'), publish('docker0')), found: 'docker0' },
    { name: 'on a network', text: rules(...bridgeRules('docker0'), publish('br-0123456789ab')), found: 'docker0' },
    { name: 'none: it publishes nothing', text: rules(...bridgeRules('docker0')), found: undefined },
    { name: 'none: its bridge has gone', text: rules(...bridgeRules('old0'), publish('old0')), found: undefined },
    { name: 'none: it is Berth’s own', text: rules(...bridgeRules('berth0'), publish('berth0')), found: undefined },
    {
      name: 'none: it is a network of Berth’s own',
      text: rules(...bridgeRules('berth0'), ...bridgeRules('br-0123456789ab'), publish('br-0123456789ab')),
      found: undefined,
    },
    { name: 'none: no rules at all', text: '', found: undefined },
  ])('$name', ({ text, found }) => {
    expect(publishingBridge(text, 'berth0', links)).toBe(found);
  });
});
