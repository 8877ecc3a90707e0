import { isCertificates } from '../../../certificates.ts';
import { argumentFault } from '../../../kernel-arguments.ts';
import type { Place } from '../../../place.ts';
import { contentsOf } from '../contents.ts';
import type { IgnitionConfig, IgnitionSection } from '../model.ts';
import type { HostContext } from './context.ts';

/** `ignition`, besides the configs it refers to. */
export function takeSection(section: IgnitionSection, place: Place, context: HostContext): void {
  const { host } = context;
  const { proxy, timeouts } = section;
  const { connectivity } = host.config;
  if (proxy?.httpProxy !== undefined) {
    connectivity.proxy.http = proxy.httpProxy;
    host.name(['berth', 'proxy', 'http'], place.child('proxy').child('httpProxy'));
  }
  if (proxy?.httpsProxy !== undefined) {
    connectivity.proxy.https = proxy.httpsProxy;
    host.name(['berth', 'proxy', 'https'], place.child('proxy').child('httpsProxy'));
  }
  connectivity.proxy.noProxy.push(...(proxy?.noProxy ?? []));
  if (timeouts !== undefined && Object.keys(timeouts).length > 0) {
    const { httpResponseHeaders, httpTotal } = timeouts;
    host.config.fetch = {
      ...(httpResponseHeaders === undefined ? {} : { responseSeconds: httpResponseHeaders }),
      ...(httpTotal === undefined ? {} : { totalSeconds: httpTotal }),
    };
    host.name(['fetch'], place.child('timeouts'));
  }
  takeAuthorities(section, place.child('security').child('tls').child('certificateAuthorities'), context);
}

function takeAuthorities({ security }: IgnitionSection, place: Place, context: HostContext): void {
  const { caCertificates } = context.host.config.connectivity;
  context.each(security?.tls?.certificateAuthorities, place, (authority, at) => {
    const contents = contentsOf(authority, at, context.refuse);
    if (contents?.kind === 'remote') {
      context.leaveToServer(authority, at);
    } else if (contents?.kind === 'bytes') {
      const text = contents.bytes.toString('utf8').trim();
      if (isCertificates(text)) {
        caCertificates.push(text);
        context.host.name(['berth', 'ca_certificates'], place);
      } else {
        context.refuse(at.child('source'), 'this is no certificate in PEM form', '-----BEGIN CERTIFICATE-----…');
      }
    }
  });
}

/** `kernelArguments`: what Berth sets itself has no effect; the rest is tried at the next boot. */
export function takeKernelArguments({ kernelArguments }: IgnitionConfig, root: Place, context: HostContext): void {
  const { host, leave } = context;
  const take = (key: 'shouldExist' | 'shouldNotExist'): string[] => {
    const place = root.child('kernelArguments').child(key);
    const taken = new Set<string>();
    for (const [index, argument] of (kernelArguments?.[key] ?? []).entries()) {
      const fault = argumentFault(argument);
      if (fault === undefined) taken.add(argument);
      else leave(place.child(index), fault.why, fault.hint);
    }
    if (taken.size > 0) host.name(['berth', 'kernel', key === 'shouldExist' ? 'arguments' : 'absent_arguments'], place);
    return [...taken];
  };
  const [present, absent] = [take('shouldExist'), take('shouldNotExist')];
  if (present.length + absent.length > 0) host.config.kernelArguments = { present, absent };
}
