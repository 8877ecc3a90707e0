import { boolean, integer, object, reference, text, time } from './json-schema.ts';
import { readInhibitor, readName, readOperator, readPin, readUpdate, readUpdateOptions } from './requests.ts';
import type { Route } from './route.ts';

const hostErrors = ['UNSUPPORTED', 'HOST_REFUSED', 'BUSY'] as const;
const lookErrors = ['USAGE', 'NOT_FOUND', 'CONFIG_INVALID', 'RELEASE_REFUSED', 'RELEASE_UNREACHABLE'] as const;
const options = { 'to?': text, 'from?': text, who: text, command: text };

/** The part of the API's table that brings other releases of the operating system. */
export const updateRoutes: readonly Route[] = [
  {
    kind: 'json',
    method: 'get',
    path: '/v1/os/update',
    summary: 'What this host does about updates: what is under way or staged, and when it looks next.',
    errors: ['UNSUPPORTED'],
    response: reference('UpdateStatus'),
    handle: async (service) => service.updates.updateStatus(),
  },
  {
    kind: 'json',
    method: 'post',
    path: '/v1/os/check',
    summary: 'Ask the repository what it has for this host, and what taking it would do. Changes nothing.',
    body: object(options),
    errors: [...hostErrors, ...lookErrors],
    response: reference('UpdateOffer'),
    handle: async (service, { body }) => service.updates.lookForUpdate(readUpdateOptions(body), readOperator(body)),
  },
  {
    kind: 'stream',
    method: 'post',
    path: '/v1/os/update',
    summary: 'Take the release that is offered. The last line is the result. Hanging up does not end it.',
    body: object({ ...options, stageOnly: boolean }),
    errors: [...hostErrors, ...lookErrors, 'DISK_FULL', 'CANCELLED'],
    line: reference('UpdateLine'),
    handle: async (service, { body }, write) => service.updates.updateOs(readUpdate(body), readOperator(body), write),
  },
  {
    kind: 'json',
    method: 'post',
    path: '/v1/os/cancel',
    summary:
      'End the update that is under way, and drop the release that is staged. Without either, a permit that is kept goes back.',
    body: reference('Operator'),
    errors: [...hostErrors, 'USAGE'],
    response: object({ cancelled: boolean, permitGoesBack: boolean }),
    handle: async (service, { body }) => service.updates.cancelUpdate(readOperator(body)),
  },
  {
    kind: 'json',
    method: 'post',
    path: '/v1/os/pin',
    summary: 'Which versions this host may take, and from when on; without either: whatever is offered.',
    body: object({ 'version?': text, 'until?': time, who: text, command: text }),
    errors: [...hostErrors, 'USAGE', 'DISK_FULL'],
    response: reference('UpdateStatus'),
    handle: async (service, { body }) => service.updates.pinUpdates(readPin(body), readOperator(body)),
  },
  {
    kind: 'json',
    method: 'post',
    path: '/v1/os/inhibit',
    summary: 'Postpone restarts for an update in the name of a workload, 24 hours at most; again: for another time.',
    body: object({ name: text, why: text, forMs: integer, who: text, command: text }),
    errors: [...hostErrors, 'USAGE', 'DISK_FULL'],
    response: reference('UpdateStatus'),
    handle: async (service, { body }) => service.updates.inhibitRestart(readInhibitor(body), readOperator(body)),
  },
  {
    kind: 'json',
    method: 'post',
    path: '/v1/os/allow-restart',
    summary: 'End a postponement before its time.',
    body: object({ name: text, who: text, command: text }),
    errors: [...hostErrors, 'USAGE', 'NOT_FOUND', 'DISK_FULL'],
    response: reference('UpdateStatus'),
    handle: async (service, { body }) => service.updates.allowRestart(readName(body), readOperator(body)),
  },
  {
    kind: 'json',
    method: 'post',
    path: '/v1/os/verify',
    summary: 'Read the whole running slot from the disk and name what differs from its release.',
    errors: [...hostErrors, 'RELEASE_REFUSED'],
    response: reference('SlotCheck'),
    handle: async (service) => service.updates.verifyOs(),
  },
];
