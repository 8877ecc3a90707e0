import { parseGoUrl } from '../../../go/go-url.ts';
import type { Place } from '../../../place.ts';
import { describeValue } from '../../../shape.ts';
import type { IgnitionSection } from '../model.ts';
import { checkHash, checkRequiredSource, checkResource } from './resource.ts';
import { checkSource } from './source.ts';

/** `ignition`, besides its version. */
export function checkIgnitionSection(section: IgnitionSection, place: Place, minor: number): void {
  checkReferences(section, place, minor);
  const authorities = section.security?.tls?.certificateAuthorities ?? [];
  const tls = place.child('security').child('tls').child('certificateAuthorities');
  for (const [index, authority] of authorities.entries()) {
    const at = tls.child(index);
    checkRequiredSource(authority, at, minor);
    if (minor === 0) checkHash(authority.verification?.hash, at.child('verification').child('hash'), minor);
    else checkResource(authority, at, minor);
  }
  const proxy = place.child('proxy');
  checkProxy(section.proxy?.httpProxy, proxy.child('httpProxy'), true);
  checkProxy(section.proxy?.httpsProxy, proxy.child('httpsProxy'), false);
}

function checkReferences({ config }: IgnitionSection, place: Place, minor: number): void {
  const references = [
    ...(config?.merge ?? []).map((resource, index) => ({
      resource,
      at: place.child('config').child('merge').child(index),
    })),
    ...(config?.replace === undefined
      ? []
      : [{ resource: config.replace, at: place.child('config').child('replace') }]),
  ];
  for (const { resource, at } of references) {
    if (minor > 0) {
      checkResource(resource, at, minor);
      if (at.path.includes('merge')) checkRequiredSource(resource, at, minor);
      continue;
    }
    // 3.0 lets a reference without a source pass; it refers to nothing.
    const { source = '' } = resource;
    if (source !== '') checkSource(source, at.child('source'), minor);
    checkHash(resource.verification?.hash, at.child('verification').child('hash'), minor);
  }
}

function checkProxy(proxy: string | undefined, place: Place, isPlainFine: boolean): void {
  if (proxy === undefined) return;
  const scheme = parseGoUrl(proxy)?.scheme;
  if (scheme !== 'http' && scheme !== 'https') {
    place.error('invalid-value', `${describeValue(proxy)} is not an http or https URL`);
  } else if (scheme === 'http' && !isPlainFine) {
    place.warn('insecure', 'what is meant for https goes to this proxy in clear text', 'use an https URL');
  }
}
