/** Bytes on a server. */
export interface RemoteContent {
  /** http or https, s3 or gs, or the ARN of an object in S3. May hold a password. */
  readonly url: string;
  /** Values may be secrets. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** `sha512-` or `sha256-` and hexadecimal digits, of the unpacked content. */
  readonly hash?: string;
  readonly compression?: 'gzip';
}
