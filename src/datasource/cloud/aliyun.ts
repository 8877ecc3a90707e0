import { cloud } from './cloud.ts';
import { type Ec2Names, ec2Documents, ec2Keys, parseEc2 } from './ec2-documents.ts';

const names: Ec2Names = { root: '/latest', zone: 'zone-id', more: ['region-id', 'image-id', 'mac', 'private-ipv4'] };

/** Alibaba Cloud: made as EC2's service is, at an address of its own. */
export const aliyun = cloud({
  id: 'aliyun',
  title: 'Alibaba Cloud',
  matches: ({ dmi }) => dmi.product_name === 'Alibaba Cloud ECS',
  service: {
    endpoints: ['http://100.100.100.200'],
    token: {
      path: '/latest/api/token',
      headers: { 'X-aliyun-ecs-metadata-token-ttl-seconds': '600' },
      header: 'X-aliyun-ecs-metadata-token',
      isOptional: true,
    },
    documents: ec2Documents(names),
    follow: ec2Keys(names.root),
  },
  parse: (found) => parseEc2(found, names),
});
