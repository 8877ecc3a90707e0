import { cloud } from './cloud.ts';
import { type Ec2Names, ec2Documents, ec2Keys, parseEc2 } from './ec2-documents.ts';

const names: Ec2Names = { root: '/1.0', zone: 'availability-zone', more: ['service-offering', 'vm-id'] };

/** Exoscale: made as EC2's service is. Its password server is not asked. */
export const exoscale = cloud({
  id: 'exoscale',
  title: 'Exoscale',
  matches: ({ dmi }) => dmi.product_name?.startsWith('Exoscale') === true,
  service: {
    endpoints: ['http://169.254.169.254'],
    documents: ec2Documents(names),
    follow: ec2Keys(names.root),
  },
  parse: (found) => parseEc2(found, names),
});
