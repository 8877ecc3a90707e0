import { berthVersion } from '../agent/version.ts';
import { type JsonSchema, reference } from './json-schema.ts';
import { problemType, statusOfCode } from './problem.ts';
import type { Route } from './route.ts';
import { schemas } from './schemas.ts';

/** The OpenAPI 3.1 document of a route table (spec.openapis.org/oas/v3.1.1). Pure. */
export function openApiDocument(routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: describeOperation(route) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Berth agent',
      version: berthVersion,
      description: 'The control plane of one host. Served on a unix socket; who may open the socket may do everything.',
    },
    paths,
    components: { schemas },
  };
}

function describeOperation(route: Route): Record<string, unknown> {
  const { summary, query = {}, body } = route;
  const parameters = [
    ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...Object.entries(query).map(([name, { description, ...schema }]) => ({ name, in: 'query', description, schema })),
  ];
  return {
    operationId: operationId(route),
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: { ...describeSuccess(route), ...describeErrors(route) },
  };
}

/** `/v1/services/{name}/logs` → `get-services-name-logs`. */
function operationId({ method, path }: Route): string {
  const words = path.replace('/v1/', '/').match(/\w+/g) ?? [];
  return [method, ...words].join('-');
}

function describeSuccess(route: Route): Record<string, unknown> {
  switch (route.kind) {
    case 'json':
      return { 200: answer('Done.', 'application/json', route.response) };
    case 'stream':
      return { 200: answer('One JSON value a line.', 'application/x-ndjson', route.line) };
    case 'text':
      return { 200: answer('Text.', route.contentType, { type: 'string' }) };
    case 'session':
      return {
        101: {
          description:
            'Upgraded to `berth-session`: frames of kind (1 byte), length (4 bytes, big endian) and payload.',
        },
      };
  }
}

function describeErrors({ errors, body }: Route): Record<string, unknown> {
  const codes = new Map<number, string>(body === undefined ? [] : [[413, 'The body is too large.']]);
  for (const code of errors) {
    const others = codes.get(statusOfCode[code]);
    codes.set(statusOfCode[code], others === undefined ? code : `${others}, ${code}`);
  }
  const known = [...codes].map(([status, text]) => [status, answer(text, problemType, reference('Problem'))] as const);
  return {
    ...Object.fromEntries(known),
    default: answer('Anything else that fails.', problemType, reference('Problem')),
  };
}

function answer(description: string, contentType: string, schema: JsonSchema): Record<string, unknown> {
  return { description, content: { [contentType]: { schema } } };
}
