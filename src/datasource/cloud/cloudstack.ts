import { cloud } from './cloud.ts';
import { type Ec2Names, ec2Documents, ec2Keys, parseEc2 } from './ec2-documents.ts';

const names: Ec2Names = { root: '/latest', zone: 'availability-zone', more: ['service-offering', 'vm-id'] };

/** Apache CloudStack: its virtual router answers, by the name that it gives itself, or as the gateway. */
export const cloudstack = cloud({
  id: 'cloudstack',
  title: 'Apache CloudStack',
  matches: ({ dmi }) => dmi.product_name?.startsWith('CloudStack') === true,
  service: {
    endpoints: ['http://data-server', 'http://%gateway'],
    documents: ec2Documents(names),
    follow: ec2Keys(names.root),
  },
  parse: (found) => parseEc2(found, names),
});
