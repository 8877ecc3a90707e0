import { cpus, totalmem } from 'node:os';
import { type Column, markdownTable } from '../report.ts';
import type { HostName } from './hosts.ts';
import { type BootResults, bootRows, idleLists, markTable, spreads } from './results.ts';

/** The columns of the results. */
export const bootColumns: readonly Column<HostName>[] = [
  { peer: 'debian', title: 'Debian' },
  { peer: 'berth', title: 'Berth' },
];

/** Where and with what the numbers were made. */
export interface BootCircumstances {
  readonly date: string;
  readonly commit: string;
  readonly qemu: string;
  readonly kernelRelease: string;
}

/** `bench/BOOT-RESULTS.md`. Pure but for the machine it names. */
export function bootResultsPage(results: BootResults, circumstances: BootCircumstances): string {
  const { date, commit, qemu, kernelRelease } = circumstances;
  const { berth, debian } = results.runs;
  const [head = [], ...marks] = markTable(results);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const [processor] = cpus();
  const lists = (
    [
      ['Berth', berth.at(-1)],
      ['Debian', debian.at(-1)],
    ] as const
  ).flatMap(([title, run]) => {
    if (run === undefined) return [];
    const { processes, ports } = idleLists(run.idle);
    return [line([title, processes, ports])];
  });
  return `${[
    '# Boot benchmark results',
    '',
    'Written by `npm run bench:boot`: power-on until the same five containers (one image, host network, one waits for another) are',
    'healthy, on Berth and on Debian 13 with cloud-init, docker.io and docker-compose. Both are booted by QEMU itself with the same',
    'kernel package on the same emulated machine, get their config from a NoCloud disk, and load their image from an archive at first',
    'boot. The hosts take turns; numbers are medians. The end is what the console says, and the engine is asked whether it is true.',
    '',
    `- Date: ${date}; commit ${commit}; ${berth.length} runs`,
    `- Machine: ${cpus().length} × ${processor?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB, a shared virtual machine without KVM`,
    `- ${qemu}, 2 emulated processors, 2 GiB; Linux ${kernelRelease}`,
    '',
    markdownTable(bootRows(results), bootColumns),
    '',
    '## Where the time goes',
    '',
    'Seconds from the start of QEMU. A firmware’s time is all before the kernel.',
    '',
    line(head),
    line(head.map(() => '---')),
    ...marks.map(line),
    '',
    '## All runs',
    '',
    ...spreads(results).map((text) => `- ${text}`),
    '',
    '## What runs and listens when idle',
    '',
    line(['host', 'processes', 'ports']),
    line(['---', '---', '---']),
    ...lists,
  ].join('\n')}\n`;
}
