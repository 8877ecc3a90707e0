import type { Diagnostic } from '../../core/diagnostic.ts';
import type { Datasource, ParsedSeed } from '../datasource.ts';
import type { BlockDevice, HostFacts } from '../host-facts.ts';
import { textValue } from '../meta-data.ts';
import type { SeedDocuments } from '../seed-documents.ts';
import { seedProblem } from '../seed-problem.ts';
import { ovfEnvironment } from './azure-ovf.ts';
import { reportToAzure } from './azure-report.ts';
import { cloud, required } from './cloud.ts';
import { at, decoded, jsonOf, mappings, parsedSeed, without } from './parsed-seed.ts';

const environment = 'ovf-env.xml';

const row = cloud({
  id: 'azure',
  title: 'Microsoft Azure',
  matches: ({ dmi }) => dmi.chassis_asset_tag === '7783-7084-3265-9085-8269-3286-77',
  mayHaveMore: (facts) => discOf(facts) === undefined,
  service: {
    endpoints: ['http://169.254.169.254'],
    headers: { Metadata: 'true' },
    documents: {
      instance: required(
        '/metadata/instance?api-version=2021-08-01&extended=true',
        '/metadata/instance?api-version=2019-06-01',
      ),
    },
  },
  parse,
  report: reportToAzure,
});

/** Microsoft Azure: its metadata service, and the disc that a new machine has in its drive. */
export const azure: Datasource = {
  ...row,
  async fetch(facts, ports, signal) {
    const disc = discOf(facts);
    const local = disc === undefined ? new Map() : await ports.devices.read(disc, [environment], signal, ['udf']);
    return new Map([...local, ...(await row.fetch(facts, ports, signal))]);
  },
};

function discOf({ blockDevices }: HostFacts): BlockDevice | undefined {
  return blockDevices.find(({ path, type }) => type === 'udf' && path.startsWith('/dev/sr'));
}

function parse(found: SeedDocuments): ParsedSeed {
  const diagnostics: Diagnostic[] = [];
  const instance = jsonOf(found, 'instance', diagnostics);
  const compute = at(instance, 'compute');
  const ovf = ovfEnvironment(found.get(environment));
  if (ovf.hasPassword)
    diagnostics.push(
      seedProblem(
        environment,
        'warning',
        'unsupported',
        'the administrator’s password has no effect',
        'give an SSH key',
      ),
    );
  const customData = decoded(ovf.customData);
  return parsedSeed({
    instanceId: compute['vmId'],
    hostname: textValue(at(compute, 'osProfile')['computerName']) ?? ovf.hostname ?? compute['name'],
    publicKeys: mappings(compute['publicKeys']).map(({ keyData }) => textValue(keyData)?.replace(/\r?\n/g, '')),
    availabilityZone: compute['zone'],
    // What was given at creation goes first, as in cloud-init.
    userData: customData ?? decoded(compute['userData']),
    raw: { ...instance, compute: without(compute, 'userData', 'customData', 'publicKeys') },
    diagnostics,
  });
}
