/**
 * The text of `dist/berth.js`, which any Node can read: an older one is told so, and not left to fail somewhere. The compile cache must be
 * on before the program's modules are read: so it has an entry of its own.
 */
export const launcher = `const { env, exit, stderr, versions } = process;
if (Number.parseInt(versions.node, 10) < 24) {
  stderr.write('error: berth needs Node 24 or newer, this is ' + versions.node + '\\n');
  exit(1);
}
const { enableCompileCache } = require('node:module');
const { join } = require('node:path');
const home = env.XDG_CACHE_HOME ?? (env.HOME === undefined ? undefined : join(env.HOME, '.cache'));
if (env.NODE_COMPILE_CACHE === undefined && home !== undefined) enableCompileCache(join(home, 'berth', 'compiled'));
require('./main.js');
`;
