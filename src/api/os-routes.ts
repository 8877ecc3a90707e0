import { array, boolean, object, reference, text } from './json-schema.ts';
import { readBless, readOperator, readRollback } from './requests.ts';
import type { Route } from './route.ts';

const hostErrors = ['UNSUPPORTED', 'HOST_REFUSED', 'NOT_FOUND', 'BUSY'] as const;

/** The part of the API's table that is about the release which runs. */
export const osRoutes: readonly Route[] = [
  {
    kind: 'json',
    method: 'get',
    path: '/v1/os',
    summary: 'The OS release that runs, whether it has proved itself, and those that the boot loader knows.',
    errors: hostErrors,
    response: reference('OsStatus'),
    handle: async (service) => service.os.osStatus(),
  },
  {
    kind: 'json',
    method: 'get',
    path: '/v1/os/history',
    summary: 'What happened to OS releases on this host, newest first.',
    errors: ['UNSUPPORTED'],
    response: array(reference('OsEvent')),
    handle: async (service) => service.os.osHistory(),
  },
  {
    kind: 'json',
    method: 'post',
    path: '/v1/os/bless',
    summary: 'Keep the running OS release; with `manual` whatever its health gate says.',
    body: object({ who: text, command: text, manual: boolean }),
    errors: [...hostErrors, 'USAGE'],
    response: reference('OsStatus'),
    handle: async (service, { body }) => service.os.blessOs(readBless(body), readOperator(body)),
  },
  {
    kind: 'json',
    method: 'post',
    path: '/v1/os/rollback',
    summary:
      'Take the running OS release away and restart into the other one; with `force` past volumes that go forward only.',
    body: object({ who: text, command: text, reason: text, 'force?': boolean }),
    errors: [...hostErrors, 'USAGE', 'CONFIG_INVALID'],
    response: object({ ok: boolean }),
    handle: async (service, { body }) => {
      await service.os.rollBackOs(readRollback(body), readOperator(body));
      return { ok: true };
    },
  },
];
