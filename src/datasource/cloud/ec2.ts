import type { MetadataService } from '../metadata-service.ts';
import { cloud } from './cloud.ts';
import { type Ec2Names, ec2Documents, ec2Keys, parseEc2 } from './ec2-documents.ts';

const names: Ec2Names = {
  root: '/latest',
  zone: 'placement/availability-zone',
  more: ['placement/region', 'ami-id', 'mac', 'ipv6', 'security-groups'],
};

/** How an instance asks who it is, whatever it wants to know: a session token first (IMDSv2), over IPv4 or IPv6. */
export const ec2Service: Pick<MetadataService, 'endpoints' | 'token'> = {
  endpoints: ['http://169.254.169.254', 'http://[fd00:ec2::254]'],
  token: {
    path: '/latest/api/token',
    headers: { 'X-aws-ec2-metadata-token-ttl-seconds': '600' },
    header: 'X-aws-ec2-metadata-token',
    isOptional: true,
  },
};

/** Amazon EC2. */
export const ec2 = cloud({
  id: 'ec2',
  title: 'Amazon EC2',
  // The last is how instances on Xen say it.
  matches: ({ dmi }) =>
    dmi.sys_vendor === 'Amazon EC2' ||
    (/^ec2/i.test(dmi.product_uuid ?? '') && dmi.product_uuid?.toLowerCase() === dmi.product_serial?.toLowerCase()),
  service: {
    ...ec2Service,
    documents: ec2Documents(names),
    follow: ec2Keys(names.root),
  },
  parse: (found) => parseEc2(found, names),
});
