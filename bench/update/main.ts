import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from '../../image/command.ts';
import { installPackages } from '../../src/engine/binaries.ts';
import { runsOf } from '../options.ts';
import { type Column, markdownTable, terminalTable } from '../report.ts';
import { misses } from '../scenario.ts';
import { benchImages, type ReleaseName, releases } from './images.ts';
import type { UpdatePeer } from './peers.ts';
import { bundledProgram } from './program.ts';
import { type OurCosts, ourCosts, type PeerCosts, peerCosts } from './release-costs.ts';
import { updateRows } from './rows.ts';

const usage = `npm run bench:update -- [--runs N] [--quick] [--only config|patch|minor]

Makes pairs of images from Debian's packages, and measures what bringing a host from one to the other costs: bytes fetched, time and memory
of server and host, beside xdelta3, zstd, casync and zchunk on the same files; and how fast a slot is written and checked, beside dd and
openssl. Needs root. Writes bench/UPDATE-RESULTS.md after a full run (5 runs unless said, not quick). Exit code 1 when a limit is missed.
--quick leaves the other programs out.`;

const columns: readonly Column<UpdatePeer | 'dd' | 'berth'>[] = [
  { peer: 'xdelta3', title: 'xdelta3' },
  { peer: 'zstd', title: 'zstd' },
  { peer: 'casync', title: 'casync' },
  { peer: 'zchunk', title: 'zchunk' },
  { peer: 'dd', title: 'dd + openssl' },
  { peer: 'berth', title: 'Berth' },
];

const progress = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(runs: number, quick: boolean, only: string | undefined): Promise<number> {
  await installPackages(['time', 'xdelta3', 'zstd', 'casync', 'zchunk', 'openssl']);
  const { base, next, notes } = await benchImages(progress);
  // Beside the cache, not in memory: disks are measured.
  const directory = await mkdtemp(join('/var/tmp', 'berth-update-'));
  const program = await bundledProgram(directory);
  const options = { directory, program, runs, progress };
  const names = (Object.keys(releases) as ReleaseName[]).filter((name) => only === undefined || only === name);
  const ours: Partial<Record<ReleaseName, OurCosts>> = {};
  const peers: Partial<Record<ReleaseName, PeerCosts>> = {};
  try {
    for (const name of names) {
      progress(`${name}: ${releases[name]}`);
      ours[name] = await ourCosts(base, next[name], options);
    }
    for (const name of quick ? [] : names) {
      progress(`${name}, by others:`);
      peers[name] = await peerCosts(base, next[name], options);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  const rows = names.flatMap((name) => {
    const berth = ours[name];
    return berth === undefined ? [] : updateRows(name, berth, peers[name] ?? {});
  });
  process.stdout.write(`${terminalTable(rows, columns)}\n${notes.map((note) => `${note}\n`).join('')}`);
  if (!quick && only === undefined) {
    const text = await page(markdownTable(rows, columns), notes, runs);
    await writeFile(join(import.meta.dirname, '../UPDATE-RESULTS.md'), text);
  }
  const missed = rows.filter(misses);
  for (const { measure } of missed) progress(`limit missed: ${measure.title}`);
  return missed.length > 0 ? 1 : 0;
}

async function page(table: string, notes: readonly string[], runs: number): Promise<string> {
  const directory = import.meta.dirname;
  const { stdout: commit } = await runCommand('git', ['rev-parse', '--short', 'HEAD'], { directory });
  const [processor] = cpus();
  return `${[
    '# Update benchmark results',
    '',
    'Written by `npm run bench:update`: from one image to the next, of the project’s own builder (erofs, lz4hc), by Berth and by other',
    'programs on the same files in the same run. “Pairwise” ways need work of the server for each pair of releases; “any to any”',
    'ways do not. Bytes are those of a slot’s data with index and header, and “in all” also what else an update fetches: the kernel image (by its',
    'delta) and timestamp, snapshot, channel, feed and manifest, for a host that followed the release before. casync and zchunk',
    'have their default settings; xdelta3 `-9` with a window of the whole image; zstd `-19 --long=30 --patch-from`.',
    'Throughput: the median time of writing a slot by delta, durable, read back from the disk and checked, beside `dd oflag=direct` of',
    `the same image and \`openssl dgst -sha256\` of what it wrote, in turn, ${runs} times; disk caches of the old image warm. Berth’s time is that`,
    'of the agent’s work, from being told to write the slot until it is told that it is written: the agent runs before and after that.',
    ' A row below is the time of a process that is started for it and gets the kernel image too.',
    'A disk of a cloud is slower than the one of this machine; so both are also timed in a control group that reads and writes at no more than 250 MB/s.',
    '',
    `- Date: ${new Date().toISOString().slice(0, 10)}; commit ${commit.trim()}; Node ${process.versions.node}`,
    `- Machine: ${cpus().length} × ${processor?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB, a shared virtual machine`,
    '',
    table,
    '',
    'What the releases differ in:',
    '',
    ...Object.values(releases).map((text) => `- ${text}`),
    ...notes.map((note) => `- ${note}`),
  ].join('\n')}\n`;
}

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    only: { type: 'string' },
  },
});
if (values.help) process.stdout.write(`${usage}\n`);
else process.exitCode = await main(runsOf(values.runs, values.quick, { quick: 3, full: 5 }), values.quick, values.only);
