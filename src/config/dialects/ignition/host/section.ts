import { isCertificates } from '../../../certificates.ts';
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

/** `kernelArguments`: the command line is part of the signed image. */
export function takeKernelArguments({ kernelArguments }: IgnitionConfig, root: Place, { leave }: HostContext): void {
  for (const key of ['shouldExist', 'shouldNotExist'] as const) {
    for (const [index, argument] of (kernelArguments?.[key] ?? []).entries()) {
      const what = key === 'shouldExist' ? 'not added to' : 'not taken from';
      const why = `${JSON.stringify(argument)} is ${what} the kernel's command line, which is part of the signed image`;
      leave(
        root.child('kernelArguments').child(key).child(index),
        why,
        'kernel settings: berth.sysctl; modules: berth.modules',
      );
    }
  }
}
