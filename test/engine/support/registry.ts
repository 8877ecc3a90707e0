import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type BuiltImage, sha256 } from './test-image.ts';

/** What the registry does with requests: `hang` never answers, `fail` answers 500, `missing` 404, `locked` 401. */
export type RegistryMode = 'serve' | 'fail' | 'hang' | 'missing' | 'locked';

const imageManifest = 'application/vnd.docker.distribution.manifest.v2+json';

/** A read-only image registry in this process, on loopback, where engines allow plain HTTP. Docker Registry HTTP API V2. */
export class TestRegistry {
  mode: RegistryMode = 'serve';
  /** Requests so far: `GET /v2/…`. */
  readonly requests: string[] = [];
  /** `127.0.0.1:PORT`: put it before `/name:tag`. */
  readonly address: string;
  /** When set, only this user gets in. */
  login: { readonly username: string; readonly password: string } | undefined;
  readonly #server: Server;
  readonly #blobs = new Map<string, Buffer>();
  readonly #manifests = new Map<string, Buffer>();

  private constructor(server: Server) {
    this.#server = server;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response));
  }

  static async start(port = 0): Promise<TestRegistry> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return new TestRegistry(server);
  }

  /** Offers an image as `name:tag`. @returns the reference to pull and the manifest's digest. */
  push(name: string, tag: string, image: BuiltImage): { readonly reference: string; readonly digest: string } {
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: imageManifest,
        config: this.#blob('application/vnd.docker.container.image.v1+json', image.config),
        layers: [this.#blob('application/vnd.docker.image.rootfs.diff.tar.gzip', image.compressedLayer)],
      }),
    );
    const digest = sha256(manifest);
    this.#manifests.set(`${name}/${tag}`, manifest);
    this.#manifests.set(`${name}/${digest}`, manifest);
    return { reference: `${this.address}/${name}:${tag}`, digest };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #blob(mediaType: string, content: Buffer): { mediaType: string; size: number; digest: string } {
    const digest = sha256(content);
    this.#blobs.set(digest, content);
    return { mediaType, size: content.length, digest };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', 'http://registry');
    this.requests.push(`${request.method ?? ''} ${pathname}`);
    switch (this.mode) {
      case 'hang':
        return;
      case 'fail':
        refuse(response, 500, 'UNKNOWN');
        return;
      case 'missing':
        if (pathname === '/v2/') break;
        refuse(response, 404, 'MANIFEST_UNKNOWN');
        return;
      case 'locked':
        challenge(response);
        return;
      case 'serve':
        break;
    }
    if (!this.#mayEnter(request)) challenge(response);
    else this.#serve(pathname, request.method === 'HEAD', response);
  }

  #mayEnter(request: IncomingMessage): boolean {
    if (this.login === undefined) return true;
    const expected = Buffer.from(`${this.login.username}:${this.login.password}`).toString('base64');
    return request.headers.authorization === `Basic ${expected}`;
  }

  #serve(pathname: string, headOnly: boolean, response: ServerResponse): void {
    if (pathname === '/v2/') {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
      return;
    }
    const [, name = '', kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(pathname) ?? [];
    const content = kind === 'manifests' ? this.#manifests.get(`${name}/${reference}`) : this.#blobs.get(reference);
    if (content === undefined) {
      refuse(response, 404, kind === 'manifests' ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN');
      return;
    }
    const type = kind === 'manifests' ? imageManifest : 'application/octet-stream';
    response.writeHead(200, {
      'Content-Type': type,
      'Content-Length': content.length,
      'Docker-Content-Digest': sha256(content),
    });
    response.end(headOnly ? undefined : content);
  }
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase().replace('_', ' ') }] }));
}

function challenge(response: ServerResponse): void {
  response.setHeader('WWW-Authenticate', 'Basic realm="registry"');
  refuse(response, 401, 'UNAUTHORIZED');
}
