import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { bundleStubs } from './bundle-stubs.ts';

/**
 * Makes `dist/`: the command line and the agent as ES modules for Node 24. Each command's own code is a chunk that is
 * loaded when it runs, so that `berth status` never reads express or dockerode.
 */

const root = join(import.meta.dirname, '..');
const outputDirectory = join(root, 'dist');

/**
 * An `import` of one of Node's own modules reads all its exports, and so makes Node load what hangs on them (streams, fetch,
 * WebSocket): up to 30 ms and 5 MB that nobody here uses. As CommonJS modules their exports are read one by one.
 */
const plainBuiltins: Plugin = {
  name: 'plain-builtins',
  setup(bundler) {
    bundler.onResolve({ filter: /^node:/ }, ({ path, namespace }) =>
      namespace === 'plain-builtins' ? undefined : { path, namespace: 'plain-builtins' },
    );
    bundler.onLoad({ filter: /.*/, namespace: 'plain-builtins' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
      loader: 'js',
    }));
  },
};

/** express loads its body parsers at once: 500 kB of character sets for what `api/read-body.ts` does. */
const noBodyParser: Plugin = {
  name: 'no-body-parser',
  setup(bundler) {
    bundler.onResolve({ filter: /^body-parser$/ }, ({ path }) => ({ path, namespace: 'no-body-parser' }));
    bundler.onLoad({ filter: /.*/, namespace: 'no-body-parser' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** zod brings its messages in forty languages; ours are English. */
const oneLanguage: Plugin = {
  name: 'one-language',
  setup(bundler) {
    bundler.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** CommonJS packages in an ES module still call `require` for Node's own modules. */
const requireForPackages =
  "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);";

/** The compile cache must be on before the program's modules are read: so it has an entry of its own. */
const launcher = `import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
const { env } = process;
const home = env.XDG_CACHE_HOME ?? (env.HOME === undefined ? undefined : join(env.HOME, '.cache'));
if (env.NODE_COMPILE_CACHE === undefined && home !== undefined) enableCompileCache(join(home, 'berth', 'compiled'));
await import('./main.js');
`;

const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
await rm(outputDirectory, { recursive: true, force: true });
await mkdir(outputDirectory, { recursive: true });
await build({
  entryPoints: [join(root, 'src/cli/main.ts')],
  outdir: outputDirectory,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node24',
  define: { BERTH_VERSION: JSON.stringify(version) },
  minify: true,
  keepNames: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'linked',
  banner: { js: requireForPackages },
  plugins: [bundleStubs, plainBuiltins, noBodyParser, oneLanguage],
  logLevel: 'warning',
});
// Written last: a build that was cut short has no entry and is done again.
await writeFile(join(outputDirectory, 'berth.js'), launcher);
