import type { Diagnostic } from '../../core/diagnostic.ts';
import type { ParsedSeed } from '../datasource.ts';
import { textValue } from '../meta-data.ts';
import type { MetadataService } from '../metadata-service.ts';
import type { SeedDocuments } from '../seed-documents.ts';
import { seedProblem } from '../seed-problem.ts';
import { cloud, optional, required } from './cloud.ts';
import { bytesOf, decoded, type Json, jsonOf, parsedSeed, without, wordOf } from './parsed-seed.ts';

const root = '/computeMetadata/v1';

/** How a machine asks who it is: each question has to say that its asker knows whom it asks. */
export const gceService: Pick<MetadataService, 'endpoints' | 'headers'> = {
  endpoints: ['http://169.254.169.254', 'http://[fd20:ce::254]'],
  headers: { 'Metadata-Flavor': 'Google' },
};

/** Google Compute Engine. */
export const gce = cloud({
  id: 'gce',
  title: 'Google Compute Engine',
  matches: ({ dmi }) =>
    /^Google( Compute Engine)?$/.test(dmi.product_name ?? '') ||
    dmi.product_serial?.startsWith('GoogleCloud-') === true,
  service: {
    ...gceService,
    documents: {
      id: required(`${root}/instance/id`),
      name: optional(`${root}/instance/name`),
      hostname: optional(`${root}/instance/hostname`),
      zone: optional(`${root}/instance/zone`),
      'machine-type': optional(`${root}/instance/machine-type`),
      'project-id': optional(`${root}/project/project-id`),
      attributes: optional(`${root}/instance/attributes/?recursive=true`),
      'project-attributes': optional(`${root}/project/attributes/?recursive=true`),
    },
  },
  parse,
});

/** Attributes that are for programs, or secret. */
const hidden = ['user-data', 'startup-script', 'shutdown-script', 'ssh-keys', 'sshKeys', 'windows-keys'];

function parse(found: SeedDocuments): ParsedSeed {
  const diagnostics: Diagnostic[] = [];
  const own = jsonOf(found, 'attributes', diagnostics);
  const project = jsonOf(found, 'project-attributes', diagnostics);
  const names = ['id', 'name', 'hostname', 'zone', 'machine-type', 'project-id'];
  const facts = Object.fromEntries(names.map((name) => [name, wordOf(found, name)?.split('/').at(-1)]));
  return parsedSeed({
    instanceId: facts['id'],
    // The full name may be longer than a host's can be.
    hostname: facts['name'] ?? facts['hostname']?.split('.')[0],
    publicKeys: keysOf(own, project, diagnostics),
    availabilityZone: facts['zone'],
    userData: userDataOf(own, diagnostics),
    raw: { ...facts, attributes: without(own, ...hidden) },
    diagnostics,
  });
}

function userDataOf(own: Json, diagnostics: Diagnostic[]): Uint8Array | undefined {
  const { 'user-data': text, 'user-data-encoding': encoding = '' } = own;
  if (encoding === 'base64') return decoded(text);
  if (encoding !== '')
    diagnostics.push(
      seedProblem('attributes', 'warning', 'unsupported', '"user-data-encoding" is not base64, so it has no effect'),
    );
  return bytesOf(text);
}

/** `USER:KEY` a line, of this machine and of its project, unless the one shuts out the other. */
function keysOf(own: Json, project: Json, diagnostics: Diagnostic[]): string[] {
  const says = (attributes: Json, name: string): boolean => /^true$/i.test(textValue(attributes[name]) ?? '');
  const isOsLogin = 'enable-oslogin' in own ? says(own, 'enable-oslogin') : says(project, 'enable-oslogin');
  if (isOsLogin) {
    const hint = 'set enable-oslogin to FALSE, or put the keys into the user-data';
    diagnostics.push(
      seedProblem('attributes', 'warning', 'unsupported', 'OS Login is on, so there are no keys from metadata', hint),
    );
    return [];
  }
  const isOwnOnly = says(own, 'block-project-ssh-keys') || own['sshKeys'] !== undefined;
  const texts = [own['sshKeys'], own['ssh-keys'], ...(isOwnOnly ? [] : [project['ssh-keys'], project['sshKeys']])];
  const keys = texts.flatMap((text) => (typeof text === 'string' ? text.split('\n') : []));
  // Those that end, `google-ssh {…}`, would not end here: nobody asks again.
  return keys.filter((key) => !/ google-ssh \{/.test(key)).map((key) => key.replace(/^[^\s:]*:/, '').trim());
}
