import { spec30 } from './spec-3-0.ts';
import { extendSpec, list, struct, text, texts } from './spec-table.ts';

/** Ignition 3.1.0: HTTP headers, compressed configs and certificates, mount options, proxies. */
export const spec31 = extendSpec(spec30, {
  ignition: { proxy: struct('proxy') },
  proxy: { httpProxy: text, httpsProxy: text, noProxy: texts },
  references: { merge: list('resource'), replace: struct('resource') },
  tls: { certificateAuthorities: list('resource') },
  resource: { httpHeaders: list('header') },
  header: { name: text, value: text },
  filesystem: { mountOptions: texts },
});
