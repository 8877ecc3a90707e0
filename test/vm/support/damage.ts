import { runCommand } from '../../../image/command.ts';
import { diskLayout } from '../../../image/os/layout.ts';

const stateBytes = diskLayout('amd64').partitions.find(({ name }) => name === 'berth-state')?.startBytes ?? 0;

/** Writes junk over the state partition's superblock, on the disk of a VM that is off. */
export async function damageSuperblock(disk: string): Promise<void> {
  await qemuIo(disk, `write -P 0xa5 ${stateBytes} 4k`);
}

/** Writes junk over the beginning of the state partition's XFS log, on the disk of a VM that is off. */
export async function damageLog(disk: string): Promise<void> {
  const text = await qemuIo(disk, `read -v ${stateBytes} 512`);
  const bytes = [...text.matchAll(/^[0-9a-f]{8}: {2}((?:[0-9a-f]{2} ){16})/gm)].map(([, line = '']) => line);
  const superblock = Buffer.from(bytes.join('').replaceAll(' ', ''), 'hex');
  // Fields of xfs_sb: fs/xfs/libxfs/xfs_format.h.
  const blockBytes = superblock.readUInt32BE(4);
  const logStart = superblock.readBigUInt64BE(48);
  const groupBlocks = superblock.readUInt32BE(84);
  const logBlocks = superblock.readUInt32BE(96);
  const groupBits = BigInt(superblock.readUInt8(124));
  const block = Number(logStart >> groupBits) * groupBlocks + Number(logStart & ((1n << groupBits) - 1n));
  await qemuIo(disk, `write -P 0xa5 ${stateBytes + block * blockBytes} ${logBlocks * blockBytes}`);
}

async function qemuIo(disk: string, command: string): Promise<string> {
  return (await runCommand('qemu-io', ['-f', 'qcow2', '-c', command, disk])).stdout;
}
