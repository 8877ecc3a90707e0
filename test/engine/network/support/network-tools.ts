import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineMirror } from '../../../../image/apt.ts';
import { runCommand } from '../../../../src/engine/run-command.ts';
import { cachedDirectory } from '../../support/cache.ts';

/** What the image has, and a server to talk to; by package of trixie. */
const programs: Readonly<Record<string, { readonly package: string; readonly path: string }>> = {
  ip: { package: 'iproute2', path: 'usr/bin/ip' },
  dhcpcd: { package: 'dhcpcd-base', path: 'usr/sbin/dhcpcd' },
  dnsmasq: { package: 'dnsmasq-base', path: 'usr/sbin/dnsmasq' },
};

/**
 * Writes a command for each program into `directory`: those of the image's Debian release, started with its own libraries.
 */
export async function networkTools(directory: string): Promise<void> {
  const packages = [...new Set(Object.values(programs).map((program) => program.package))].join(',');
  const root = await cachedDirectory('trixie-network', packages, async (work) => {
    const { archive } = await machineMirror();
    await runCommand('mmdebstrap', ['--quiet', '--variant=extract', `--include=${packages}`, 'trixie', work, archive]);
  });
  await mkdir(directory, { recursive: true });
  for (const [name, { path }] of Object.entries(programs)) {
    const loader = `${root}/usr/lib64/ld-linux-x86-64.so.2 --library-path ${root}/usr/lib/x86_64-linux-gnu`;
    await writeFile(join(directory, name), `#!/bin/sh\nexec ${loader} --argv0 ${name} ${root}/${path} "$@"\n`, {
      mode: 0o755,
    });
  }
}
