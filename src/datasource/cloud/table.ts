import type { Datasource } from '../datasource.ts';
import { akamai } from './akamai.ts';
import { aliyun } from './aliyun.ts';
import { azure } from './azure.ts';
import { cloudstack } from './cloudstack.ts';
import { digitalOcean } from './digitalocean.ts';
import { ec2 } from './ec2.ts';
import { equinix } from './equinix.ts';
import { exoscale } from './exoscale.ts';
import { gce } from './gce.ts';
import { hetzner } from './hetzner.ts';
import { openStack } from './openstack.ts';
import { oracle } from './oracle.ts';
import { scaleway } from './scaleway.ts';
import { upCloud } from './upcloud.ts';
import { vultr } from './vultr.ts';

/** Every cloud. The firmware names one at most, but Oracle's and others' may name OpenStack besides: that one is last. */
export const clouds: readonly Datasource[] = [
  ...[ec2, gce, azure, digitalOcean, hetzner, vultr, scaleway, exoscale, equinix, oracle, akamai, upCloud, aliyun],
  ...[cloudstack, openStack],
];
