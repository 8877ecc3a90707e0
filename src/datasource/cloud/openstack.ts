import { parseOpenStack } from '../config-drive.ts';
import { cloud, optional, required } from './cloud.ts';

const root = '/openstack/latest';
const products = /^OpenStack (Nova|Compute)$/;
/** Tags of clouds that are OpenStack under another name. */
const tags = /^(OpenStack (Nova|Compute)|OpenTelekomCloud|SAP CCloud VM|HUAWEICLOUD|Samsung Cloud Platform)$/;

/** OpenStack's metadata service: the config drive's documents, over IPv4, or over IPv6 link-local. */
export const openStack = cloud({
  id: 'openstack',
  title: 'OpenStack',
  matches: ({ dmi }) => products.test(dmi.product_name ?? '') || tags.test(dmi.chassis_asset_tag ?? ''),
  // A private cloud writes what it likes there.
  isProbed: true,
  // Its config drive goes before it.
  mayHaveMore: () => true,
  service: {
    endpoints: ['http://169.254.169.254', 'http://[fe80::a9fe:a9fe%link]'],
    documents: {
      'meta_data.json': required(`${root}/meta_data.json`),
      user_data: optional(`${root}/user_data`),
      'vendor_data.json': optional(`${root}/vendor_data.json`),
      'vendor_data2.json': optional(`${root}/vendor_data2.json`),
      'network_data.json': optional(`${root}/network_data.json`),
    },
  },
  parse: (found) => parseOpenStack(found),
});
