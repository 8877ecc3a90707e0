import { describe, expect, test } from '@jest/globals';
import { connectionError, pullError, refusal } from '../../../src/engine/docker-errors.ts';

describe('refusal', () => {
  test.each([
    {
      status: 500,
      said: 'driver failed programming external connectivity on endpoint web: Bind for 0.0.0.0:80 failed: port is already allocated',
      code: 'PORT_TAKEN',
      retryable: true,
    },
    { status: 500, said: 'listen tcp4 0.0.0.0:80: bind: address already in use', code: 'PORT_TAKEN', retryable: true },
    {
      status: 500,
      said: 'Error processing tar file(exit status 1): write /big: no space left on device',
      code: 'DISK_FULL',
      retryable: true,
    },
    { status: 404, said: 'No such image: example/web:1', code: 'IMAGE_NOT_FOUND', retryable: false },
    { status: 404, said: 'No such container: web', code: 'NOT_FOUND', retryable: false },
    { status: 404, said: 'network front not found', code: 'ENGINE_REFUSED', retryable: false },
    {
      status: 404,
      said: 'failed to create task for container: exec: "/x": stat /x: no such file or directory',
      code: 'ENGINE_REFUSED',
      retryable: false,
    },
    {
      status: 409,
      said: 'Conflict. The container name "/web" is already in use',
      code: 'ENGINE_CONFLICT',
      retryable: false,
    },
    {
      status: 403,
      said: 'error while removing network: network front has active endpoints',
      code: 'ENGINE_CONFLICT',
      retryable: true,
    },
    { status: 400, said: 'invalid mount config', code: 'ENGINE_REFUSED', retryable: false },
    { status: 500, said: 'rpc error: code = Unavailable', code: 'ENGINE_REFUSED', retryable: true },
  ])('$status "$said" is $code', ({ status, said, code, retryable }) => {
    const error = refusal(status, said, 'start web');
    expect(error).toMatchObject({ code, retryable, message: `start web: ${said}`, details: { status } });
  });
});

describe('pullError', () => {
  test.each([
    {
      status: 404,
      said: 'manifest for example/web:9 not found: manifest unknown: manifest unknown',
      code: 'IMAGE_NOT_FOUND',
      retryable: false,
    },
    { status: 404, said: 'anything', code: 'IMAGE_NOT_FOUND', retryable: false },
    {
      status: 500,
      said: 'dial tcp 127.0.0.1:5000: connect: connection refused',
      code: 'IMAGE_PULL_FAILED',
      retryable: true,
    },
    { status: 500, said: 'toomanyrequests', code: 'IMAGE_PULL_FAILED', retryable: true },
    {
      status: undefined,
      said: 'failed to register layer: no space left on device',
      code: 'DISK_FULL',
      retryable: true,
    },
    { status: 500, said: 'listen tcp: bind: address already in use', code: 'IMAGE_PULL_FAILED', retryable: true },
  ])('$status "$said" is $code', ({ status, said, code, retryable }) => {
    expect(pullError(said, 'example/web:9', status)).toMatchObject({ code, retryable });
  });
});

describe('connectionError', () => {
  const withCode = (code: string) => Object.assign(new Error('x'), { code });

  test.each([
    withCode('ECONNREFUSED'),
    withCode('ENOENT'),
    withCode('EPIPE'),
    new Error('socket hang up'),
    new Error('aborted'),
  ])('%s means that nobody answers', (error) => {
    expect(connectionError(error, 'list')).toMatchObject({ code: 'ENGINE_UNREACHABLE', retryable: true });
  });

  test('after an abort it is CANCELLED, whatever the error', () => {
    expect(connectionError(new Error('socket hang up'), 'list', AbortSignal.abort())).toMatchObject({
      code: 'CANCELLED',
    });
  });

  test('an error of ours stays as it is', () => {
    const ours = refusal(404, 'No such container', 'x');
    expect(connectionError(ours, 'y')).toBe(ours);
  });
});
