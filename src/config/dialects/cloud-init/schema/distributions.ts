import {
  boolean,
  deprecated,
  exactlyOne,
  fields,
  integer,
  list,
  object,
  openFields,
  type Rule,
  string,
  types,
} from '../../../rule/rule.ts';

const strings = list(string);
const proxy = types('string', 'null');

const ubuntuPro = fields({
  enable: strings,
  enable_beta: strings,
  token: string,
  features: fields({ disable_auto_attach: boolean }),
  config: openFields({
    http_proxy: proxy,
    https_proxy: proxy,
    global_apt_http_proxy: proxy,
    global_apt_https_proxy: proxy,
    ua_apt_http_proxy: proxy,
    ua_apt_https_proxy: proxy,
  }),
});

/** Keys of rh_subscription that have a deprecated spelling, which excludes the other one. */
const spelledTwice: Readonly<Record<string, Rule>> = {
  activation_key: string,
  auto_attach: boolean,
  service_level: string,
  add_pool: strings,
  enable_repo: strings,
  disable_repo: strings,
  rhsm_baseurl: string,
  server_hostname: string,
};
const dash = (key: string): string => key.replaceAll('_', '-');

const rhSubscription = fields(
  {
    ...spelledTwice,
    ...Object.fromEntries(
      Object.entries(spelledTwice).map(([key, rule]) => [dash(key), deprecated(rule, `use "${key}"`)]),
    ),
    username: string,
    password: string,
    org: exactlyOne(string, deprecated(integer, 'quote it')),
    release_version: string,
  },
  { allOf: Object.keys(spelledTwice).map((key) => ({ notTogether: [key, dash(key)] })) },
);

const raspberryPi = openFields({
  interfaces: openFields({
    spi: boolean,
    i2c: boolean,
    serial: exactlyOne(boolean, openFields({ console: boolean, hardware: boolean })),
    onewire: boolean,
  }),
  enable_usb_gadget: boolean,
});

/** Modules of single distributions: ubuntu_pro, ubuntu_drivers, ubuntu_autoinstall, rh_subscription, spacewalk, fan, grub_dpkg, raspberry_pi. */
export const distributionRules: Readonly<Record<string, Rule>> = {
  ubuntu_pro: ubuntuPro,
  ubuntu_advantage: deprecated(ubuntuPro, 'use "ubuntu_pro"'),
  drivers: fields({
    nvidia: fields({ 'license-accepted': boolean, version: string }, { required: ['license-accepted'] }),
  }),
  autoinstall: openFields({ version: integer }, { required: ['version'] }),
  rh_subscription: rhSubscription,
  spacewalk: fields({ server: string, proxy: string, activation_key: string }),
  fan: fields({ config: string, config_path: string }, { required: ['config'] }),
  grub_dpkg: fields({
    enabled: boolean,
    'grub-pc/install_devices': string,
    'grub-pc/install_devices_empty': exactlyOne(boolean, string),
    'grub-efi/install_devices': string,
  }),
  'grub-dpkg': deprecated(object, 'use "grub_dpkg"'),
  rpi: raspberryPi,
};
