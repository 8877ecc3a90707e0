import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Answer, Asked } from './platforms.ts';

/** An object, by the name and path of its address. */
export interface StoredObject {
  readonly host: string;
  /** As it has to be asked for, with the query. */
  readonly path: string;
  readonly content: string;
  readonly isPublic?: boolean;
}

export interface StoresOptions {
  /** Of the server, in PEM form. */
  readonly certificate: string;
  readonly key: string;
  readonly objects: readonly StoredObject[];
  /** Where buckets are, by name. */
  readonly regions: Readonly<Record<string, string>>;
  /** Who may read what is not public. */
  readonly role: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string };
  readonly googleToken: string;
  /** So many of the first questions for an object are answered with 503. */
  readonly busy?: number;
}

const skewMs = 15 * 60_000;

/**
 * Amazon S3 and Google Cloud Storage at once, told apart by the name that is asked for. Written from their documentation; signatures
 * are worked out by Amazon's own signer, which is not what the client has.
 */
export class ObjectStoreServer {
  readonly asked: Asked[] = [];
  readonly #options: StoresOptions;
  readonly #server: Server;
  #questions = 0;

  constructor(options: StoresOptions) {
    this.#options = options;
    const { certificate: cert, key } = options;
    this.#server = createServer({ cert, key }, (request, response) => {
      const { method = '', url = '', headers } = request;
      const { host } = headers;
      this.asked.push({ method, url: `${host ?? ''}${url}`, headers: {}, body: '', remotePort: 0 });
      void this.#answer(request).then(({ status, body, ...rest }) =>
        response.writeHead(status, rest.headers).end(body),
      );
    });
  }

  async listen(address: string): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(443, address, resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<Answer & { headers?: Record<string, string> }> {
    const { method, url = '', headers } = request;
    const { host = '', authorization } = headers;
    const isGoogle = host === 'storage.googleapis.com';
    if (method === 'HEAD') return isGoogle ? { status: 405 } : this.#bucket(host, url);
    this.#questions += 1;
    if (this.#questions <= (this.#options.busy ?? 0)) return { status: 503 };
    const object = this.#options.objects.find((one) => one.host === host && one.path === url);
    if (authorization === undefined) {
      if (object?.isPublic !== true) return { status: isGoogle ? 401 : 403 };
    } else if (isGoogle) {
      if (authorization !== `Bearer ${this.#options.googleToken}`) return { status: 401 };
    } else if ((await this.#signatureProblem(request)) !== undefined) return { status: 403 };
    return object === undefined ? { status: 404 } : { status: 200, body: object.content };
  }

  /** HeadBucket: the region is told with a refusal, too, and by every region. */
  #bucket(host: string, url: string): Answer & { headers?: Record<string, string> } {
    const [, led, region] = /^(?:(.*)\.)?s3\.dualstack\.([a-z0-9-]+)\.amazonaws\.com$/.exec(host) ?? [];
    const own = this.#options.regions[led ?? url.split('/')[1] ?? ''];
    if (own === undefined) return { status: 404 };
    return { status: region === own ? 403 : 301, headers: { 'x-amz-bucket-region': own } };
  }

  async #signatureProblem({ method = '', url = '', headers }: IncomingMessage): Promise<string | undefined> {
    const { authorization = '', host = '' } = headers;
    const pattern =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([a-z0-9-]+)\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), /;
    const [, accessKeyId, region = '', names = ''] = pattern.exec(authorization) ?? [];
    const { role } = this.#options;
    if (accessKeyId !== role.accessKeyId) return 'InvalidAccessKeyId';
    if (headers['x-amz-security-token'] !== role.sessionToken) return 'InvalidToken';
    const signed = names.split(';');
    const isWhole = ['host', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'].every((name) =>
      signed.includes(name),
    );
    if (!isWhole) return 'AccessDenied: headers are not signed';
    if (!host.includes(`.${region}.`)) return 'AuthorizationHeaderMalformed: another region';
    const [, year, month, day, hour, minute, second] =
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(headers['x-amz-date'])) ?? [];
    const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    if (!(Math.abs(date.getTime() - Date.now()) < skewMs)) return 'RequestTimeTooSkewed';
    const address = new URL(`https://${host}${url}`);
    const signer = new SignatureV4({ service: 's3', region, credentials: role, sha256: Sha256, uriEscapePath: false });
    const { headers: expected } = await signer.sign(
      {
        ...{ method, protocol: 'https:', hostname: host, path: address.pathname },
        query: Object.fromEntries(address.searchParams),
        headers: Object.fromEntries(signed.map((name) => [name, String(headers[name])])),
      },
      { signingDate: date },
    );
    return expected['authorization'] === authorization ? undefined : 'SignatureDoesNotMatch';
  }
}
