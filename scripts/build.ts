import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { build, type OutputFile, type Plugin, transform } from 'esbuild';
import { bundleStubs } from './bundle-stubs.ts';
import { launcher } from './launcher.ts';

/**
 * Makes `dist/`: the command line and the agent for Node 24. Each command's own code is a chunk that is
 * loaded when it runs, so that `berth status` never reads express or dockerode.
 */

const root = join(import.meta.dirname, '..');
const outputDirectory = join(root, 'dist');

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

/**
 * Writes a chunk as CommonJS: esbuild can split ES modules only, and Node takes 5 ms less of a command's 60 to load a dozen
 * CommonJS files than as many ES modules.
 */
async function writeCommonJs({ path, text }: OutputFile): Promise<void> {
  const { code, map } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    minify: true,
    sourcemap: 'external',
    sourcesContent: false,
    sourcefile: basename(path),
    supported: { 'dynamic-import': false },
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    logLevel: 'warning',
  });
  await writeFile(path, `${code}//# sourceMappingURL=${basename(path)}.map\n`);
  await writeFile(`${path}.map`, map);
}

const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
await rm(outputDirectory, { recursive: true, force: true });
await mkdir(outputDirectory, { recursive: true });
const { outputFiles } = await build({
  entryPoints: { main: join(root, 'src/cli/main.ts') },
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
  sourcemap: 'inline',
  sourcesContent: false,
  legalComments: 'linked',
  write: false,
  plugins: [bundleStubs, noBodyParser, oneLanguage],
  logLevel: 'warning',
});
for (const file of outputFiles) {
  await mkdir(dirname(file.path), { recursive: true });
  if (file.path.endsWith('.js')) await writeCommonJs(file);
  else await writeFile(file.path, file.contents);
}
await writeFile(join(outputDirectory, 'package.json'), '{"type":"commonjs"}\n');
// Written last: a build that was cut short has no entry and is done again.
await writeFile(join(outputDirectory, 'berth.js'), launcher);
