/** True for a PEM certificate, or several in one text. Pure. */
export function isCertificates(text: string): boolean {
  const begin = text.indexOf('-----BEGIN CERTIFICATE-----');
  return begin !== -1 && text.indexOf('-----END CERTIFICATE-----', begin) !== -1;
}
