/** A URL without user and password, and the header that says them. Pure. */
export function splitCredentials(url: string): {
  readonly address: string;
  readonly credentials: Readonly<Record<string, string>>;
} {
  const parsed = new URL(url);
  if (parsed.username === '' && parsed.password === '') return { address: url, credentials: {} };
  const pair = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
  parsed.username = '';
  parsed.password = '';
  return { address: parsed.href, credentials: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}
