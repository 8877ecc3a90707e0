import type { HostConfig } from '../../config/host-config.ts';
import { withBlock } from '../block-text.ts';
import type { PlanContext, ResourcePlan } from '../resource.ts';

/** The one file of trusted certificates that Go programs, curl and OpenSSL read on Debian. */
export const trustBundle = '/etc/ssl/certs/ca-certificates.crt';

/** Certificates to trust: the image's own, then the declared ones. Pure. */
export function planTrust(config: HostConfig, context: PlanContext): ResourcePlan {
  const certificates = config.connectivity.caCertificates;
  if (certificates.length === 0 && context.previous.connectivity.caCertificates.length === 0) return {};
  const content = withBlock(context.baseText(trustBundle), 'ca_certificates', [...new Set(certificates)]);
  const about = { key: 'berth.ca_certificates', subject: 'host/ca-certificates' };
  return { files: [{ path: trustBundle, content, mode: 0o644, ...about }] };
}
