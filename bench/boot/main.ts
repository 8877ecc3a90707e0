import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../image/command.ts';
import { machines } from '../../image/vm/qemu-arguments.ts';
import { ensureVmPrograms } from '../../image/vm/requirements.ts';
import { messageOf } from '../../src/core/errors.ts';
import { builtImage, projectDirectory } from '../../test/vm/support/test-image.ts';
import { terminalTable } from '../report.ts';
import { misses } from '../scenario.ts';
import { downloadBytes } from './download-size.ts';
import { directHosts, firmwareHost, type HostName, hostNames } from './hosts.ts';
import type { BootTimes } from './machine.ts';
import { type BootBenchOptions, readOptions, usage } from './options.ts';
import { bootColumns, bootResultsPage } from './page.ts';
import { peerImage } from './peer-image.ts';
import { type BootResults, bootRows } from './results.ts';
import { type HostRun, runHost, runPlainHost } from './run.ts';

const progress = (line: string): void => void process.stderr.write(`${line}\n`);

async function main({ quick, runs: count, only }: BootBenchOptions, signal: AbortSignal): Promise<number> {
  await ensureVmPrograms('amd64', progress);
  const ours = await ourImage(quick);
  // Building the peer takes minutes: a look at ours alone does without.
  const peer = only === 'berth' ? ours : await peerImage(ours.kernelRelease, projectDirectory, progress);
  const directory = await mkdtemp(join('/tmp', 'btb-files-'));
  try {
    const hosts = await directHosts({ debian: peer, berth: ours }, directory);
    const runs: Record<HostName, HostRun[]> = { debian: [], berth: [] };
    for (let run = 1; run <= count; run += 1) {
      const names = run % 2 === 1 ? hostNames : hostNames.toReversed();
      for (const name of names.filter((one) => only === undefined || one === only)) {
        signal.throwIfAborted();
        const measured = await runHost(hosts[name], signal);
        runs[name].push(measured);
        progress(`run ${run}/${count} ${name}: ${shown(measured)}`);
      }
    }
    if (only !== undefined) return 0;
    const results: BootResults = { runs, ...(quick ? {} : await measuredOnce(ours, peer, signal)) };
    const rows = bootRows(results);
    process.stdout.write(`${terminalTable(rows, bootColumns)}\n`);
    if (!quick)
      await writeFile(join(projectDirectory, 'bench/BOOT-RESULTS.md'), await page(results, ours.kernelRelease));
    const missed = rows.filter(misses);
    for (const { measure } of missed) progress(`limit missed: ${measure.title}`);
    return missed.length > 0 ? 1 : 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

type OurImage = Awaited<ReturnType<typeof ourImage>>;

async function ourImage(fast: boolean) {
  // The launcher bundles the program when its sources are newer.
  await runCommand(join(projectDirectory, 'berth'), ['--version']);
  return builtImage({ fast });
}

/** What does not vary between runs, or is no part of the comparison. */
async function measuredOnce(
  ours: OurImage,
  peer: { readonly disk: string },
  signal: AbortSignal,
): Promise<Pick<BootResults, 'firmware' | 'downloadBytes'>> {
  const firmware = await runPlainHost(firmwareHost(ours), signal);
  progress(`berth by firmware: first ${seconds(firmware.first)}, second ${seconds(firmware.second)}`);
  return {
    firmware,
    downloadBytes: {
      berth: await downloadBytes(ours.disk, progress),
      debian: await downloadBytes(peer.disk, progress),
    },
  };
}

async function page(results: BootResults, kernelRelease: string): Promise<string> {
  const { stdout: commit } = await runCommand('git', ['rev-parse', '--short', 'HEAD'], { directory: projectDirectory });
  const { stdout: qemu } = await runCommand(machines.amd64.program, ['--version']);
  return bootResultsPage(results, {
    date: new Date().toISOString().slice(0, 10),
    commit: commit.trim(),
    qemu: (qemu.split('\n', 1)[0] ?? '').replace(/ \(.*/, ''),
    kernelRelease,
  });
}

function shown({ first, second, idle, shutdowns }: HostRun): string {
  const off = shutdowns.map((time) => time.toFixed(1)).join(' and ');
  return `first ${seconds(first)}, second ${seconds(second)}, idle ${idle.usedMebibytes.toFixed(0)} MiB, off in ${off} s`;
}

function seconds({ marks }: BootTimes): string {
  const parts = Object.entries(marks).map(([name, at]) => `${name} ${at.toFixed(1)}`);
  return `(${parts.join(', ')})`;
}

const options = readOptions(process.argv.slice(2));
if (options.help) {
  process.stdout.write(`${usage}\n`);
} else {
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => interruption.abort(new Error('interrupted')));
  try {
    process.exitCode = await main(options, interruption.signal);
  } catch (error) {
    progress(error instanceof Error ? (error.stack ?? messageOf(error)) : String(error));
    process.exitCode = 1;
  }
}
