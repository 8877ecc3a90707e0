import type { Measure, Row } from '../scenario.ts';
import type { ReleaseName } from './images.ts';
import type { UpdateCost, UpdatePeer } from './peers.ts';
import type { OurCosts, PeerCosts } from './release-costs.ts';
import { slowDiskBytes } from './slow-disk.ts';

type UpdateRow = Row<UpdatePeer | 'dd'>;
type Measured = Measure<UpdatePeer | 'dd'>;

/** All that a host fetches for a release with nothing but a configuration may have this much. */
const mostConfigMegabytes = 0.05;
/** Of the bytes of the best pairwise program. */
const mostOfPairwise = 0.85;
const mostClientMebibytes = 256;
/** Throughput of 0.8 of dd and openssl is this much of their time. */
const mostOfDdTime = 1 / 0.8;

/** The results of one release, a row a measure. Pure. */
export function updateRows(name: ReleaseName, berth: OurCosts, peers: PeerCosts): UpdateRow[] {
  const { delta, ranges } = berth;
  const everyone = { ...peers, berth: delta };
  const pairwise = least([peers.xdelta3, peers.zstd]);
  const generic = least([peers.casync, peers.zchunk]);
  const { xdelta3, zstd, casync, zchunk } = peers;
  const row = (
    measure: Measured,
    values: Record<string, UpdateCost | undefined>,
    of: (cost: UpdateCost) => number | undefined,
  ): UpdateRow => {
    const pairs = Object.entries(values).flatMap(([peer, cost]) => {
      const value = cost === undefined ? undefined : of(cost);
      return value === undefined ? [] : [[peer, value] as const];
    });
    return { measure: { ...measure, title: `${name}: ${measure.title}` }, medians: Object.fromEntries(pairs) };
  };
  const most = name === 'config' || pairwise === undefined ? undefined : pairwise * mostOfPairwise;
  const { slot, kernel, metadata } = berth.fetched;
  const all = (slot + kernel + metadata) / 1e6;
  return [
    {
      measure: {
        title: `${name}: fetched in all, with kernel image and metadata`,
        ...{ unit: 'MB', decimals: 3, ...limit(name === 'config' ? mostConfigMegabytes : undefined) },
      },
      medians: { berth: all },
    },
    {
      measure: { title: `${name}: of it the kernel image`, unit: 'MB', decimals: 3 },
      medians: { berth: kernel / 1e6 },
    },
    row(
      { title: 'fetched, pairwise', unit: 'MB', decimals: 3, ...limit(most) },
      { xdelta3, zstd, berth: delta },
      megabytes,
    ),
    row(
      { title: 'fetched, any to any', unit: 'MB', decimals: 3, ...limit(generic) },
      { casync, zchunk, berth: ranges },
      megabytes,
    ),
    row({ title: 'server’s processor', unit: 's', decimals: 1 }, everyone, ({ server }) => server.cpuSeconds),
    row({ title: 'server’s memory', unit: 'MiB' }, everyone, ({ server }) => server.peakMebibytes),
    row({ title: 'host’s processor', unit: 's', decimals: 2 }, everyone, ({ client }) => client?.cpuSeconds),
    row(
      { title: 'host’s memory', unit: 'MiB', ...limit(mostClientMebibytes) },
      everyone,
      ({ client }) => client?.peakMebibytes,
    ),
    {
      measure: {
        title: `${name}: written, read back and checked`,
        unit: 's',
        limit: { kind: 'ratio', against: 'dd', most: mostOfDdTime },
      },
      medians: { dd: berth.write.dd, berth: berth.write.apply },
    },
    {
      measure: { title: `${name}: the same, with a process’s start and the kernel image`, unit: 's' },
      medians: { dd: berth.write.dd, berth: berth.write.process },
    },
    ...(berth.slowWrite === undefined
      ? []
      : [
          {
            measure: { title: `${name}: the same, on a disk of ${slowDiskBytes / 1e6} MB/s`, unit: 's' } as const,
            medians: { dd: berth.slowWrite.dd, berth: berth.slowWrite.apply },
          },
        ]),
  ];
}

function limit(most: number | undefined): Pick<Measured, 'limit'> {
  return most === undefined ? {} : { limit: { kind: 'value', most: Number(most.toFixed(3)) } };
}

function least(costs: readonly (UpdateCost | undefined)[]): number | undefined {
  const known = costs.flatMap((cost) => (cost === undefined ? [] : [megabytes(cost)]));
  return known.length === 0 ? undefined : Math.min(...known);
}

function megabytes({ bytes }: UpdateCost): number {
  return bytes / 1e6;
}
