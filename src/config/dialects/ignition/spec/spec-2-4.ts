import { spec23 } from './spec-2-3.ts';
import { extendSpec, list, struct, text, texts } from './spec-table.ts';

/** Ignition 2.4.0: HTTP headers and proxies. */
export const spec24 = extendSpec(spec23, {
  ignition: { proxy: struct('proxy') },
  proxy: { httpProxy: text, httpsProxy: text, noProxy: texts },
  reference: { httpHeaders: list('header') },
  contents: { httpHeaders: list('header') },
  header: { name: text, value: text },
});
