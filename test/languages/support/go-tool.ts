import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../../image/command.ts';
import { cachedDirectory } from '../../engine/support/cache.ts';
import { goCommand } from './go-command.ts';

/** A program of a Go module at one version. */
export interface GoTool {
  readonly module: string;
  readonly version: string;
  /** Import path of the program; its last part is the program's name. */
  readonly package: string;
  /** Directory with the source of a program of ours that imports the module; then `package` only names it. */
  readonly source?: string;
  /** For a module without a go.mod: versions of what it needs, and modules that stand in for others. */
  readonly needs?: { readonly versions: readonly string[]; readonly replaced: Readonly<Record<string, string>> };
}

/** Newest version of Ignition; it has Butane's program, too. */
export const ignitionModule = { module: 'github.com/coreos/ignition/v2', version: 'v2.27.0' } as const;

/** What checks configs of version 3. */
export const validateTool: GoTool = { ...ignitionModule, package: `${ignitionModule.module}/validate` };

/** The last version that reads configs of version 2. */
export const ignitionModule2 = { module: 'github.com/coreos/ignition', version: 'v0.35.0' } as const;

/** The JSON reader of v0.35.0 lives on under another name, which is the one that module proxies have. */
const needs2 = {
  versions: [
    'github.com/coreos/go-semver@v0.3.1',
    'github.com/coreos/go-systemd@v0.0.0-20191104093116-d3cd4ed1dbcf',
    'github.com/vincent-petithory/dataurl@v1.0.0',
    'go4.org@v0.0.0-20260112195520-a5071408f32f',
  ],
  replaced: { 'github.com/ajeddeloh/go-json': 'github.com/coreos/go-json@v0.0.0-20230131223807-18775e0fb4fb' },
};

/** What checks configs of version 2. */
export const validateTool2: GoTool = {
  ...ignitionModule2,
  package: `${ignitionModule2.module}/validate`,
  needs: needs2,
};

/** The same in programs of ours, which judge many configs in one run; by the major version of the configs. */
export const verdictTools: Readonly<Record<2 | 3, GoTool>> = {
  2: { ...ignitionModule2, package: 'verdicts-2', source: join(import.meta.dirname, 'verdicts-2'), needs: needs2 },
  3: {
    ...ignitionModule,
    package: 'verdicts-3',
    source: join(import.meta.dirname, 'verdicts-3'),
    needs: { versions: [], replaced: {} },
  },
};

/** Path of the program, which is built once and kept. */
export async function goTool(tool: GoTool): Promise<string> {
  const name = tool.package.split('/').at(-1) ?? 'program';
  const text = tool.source === undefined ? '' : await readFile(join(tool.source, 'main.go'), 'utf8');
  const recipe = JSON.stringify({ ...tool, source: text });
  const directory = await cachedDirectory(`go-${name}`, recipe, (work) => build(tool, work));
  return join(directory, name);
}

/** Directory of the module's files, as the module proxy has them. */
export async function goModule({ module, version }: Pick<GoTool, 'module' | 'version'>): Promise<string> {
  const { program, environment } = await goCommand();
  const { stdout } = await runCommand(program, ['mod', 'download', '-json', `${module}@${version}`], {
    directory: tmpdir(),
    environment,
    retryable: true,
  });
  return (JSON.parse(stdout) as { readonly Dir: string }).Dir;
}

async function build({ module, version, package: path, source, needs }: GoTool, work: string): Promise<void> {
  const { program, environment } = await goCommand();
  const workspace = await mkdtemp(join(tmpdir(), 'berth-go-'));
  const run = async (...commandArguments: readonly string[]): Promise<void> => {
    await runCommand(program, commandArguments, {
      directory: workspace,
      environment: { ...environment, GOBIN: work },
      retryable: true,
    });
  };
  try {
    if (needs === undefined) {
      await run('install', '-trimpath', `${path}@${version}`);
      return;
    }
    await run('mod', 'init', 'example.test/tool');
    for (const [name, other] of Object.entries(needs.replaced)) {
      await run(
        'mod',
        'edit',
        '-require',
        `${name}@v0.0.0-00010101000000-000000000000`,
        '-replace',
        `${name}=${other}`,
      );
    }
    await run('get', `${source === undefined ? path : module}@${version}`, ...needs.versions);
    if (source === undefined) {
      await run('install', '-trimpath', path);
      return;
    }
    await copyFile(join(source, 'main.go'), join(workspace, 'main.go'));
    await run('mod', 'tidy');
    await run('build', '-trimpath', '-o', join(work, path), '.');
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}
