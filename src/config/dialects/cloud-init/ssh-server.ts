import type { SshHostKey, SshKeyType } from '../../host-config.ts';
import { honoured } from '../../key-table.ts';
import { record } from '../../record-shape.ts';
import { convert, type Located, list, located, oneOf, type Shape, text, truth } from '../../shape.ts';
import { asKeyFile, isHostCertificate, privateKeyFault, sshKeyTypes } from '../../ssh-host-key.ts';
import type { CloudInitDraft } from './draft.ts';

const howToMake = (type: SshKeyType): string => `make one with: ssh-keygen -t ${type} -N '' -f FILE`;

const privateKey = (type: SshKeyType): Shape<string> =>
  convert(text, (value, place) => {
    const fault = privateKeyFault(type, value);
    if (fault === undefined) return asKeyFile(value);
    place.error('invalid-value', `the value ${fault}; the SSH server uses a key of its own`, howToMake(type));
    return undefined;
  });

const certificate = (type: SshKeyType): Shape<string> =>
  convert(text, (value, place) => {
    if (isHostCertificate(type, value)) return value.trim();
    place.error('invalid-value', `is not the certificate of a host key of type ${type}`, 'give the -cert.pub file');
    return undefined;
  });

/** cloud-init's `ssh_keys`: TYPE_private, TYPE_public, TYPE_certificate. */
const hostKeys = convert(
  record({
    ed25519_private: privateKey('ed25519'),
    ed25519_public: located(text),
    ed25519_certificate: located(certificate('ed25519')),
    ecdsa_private: privateKey('ecdsa'),
    ecdsa_public: located(text),
    ecdsa_certificate: located(certificate('ecdsa')),
    rsa_private: privateKey('rsa'),
    rsa_public: located(text),
    rsa_certificate: located(certificate('rsa')),
  }),
  (given): SshHostKey[] =>
    sshKeyTypes.flatMap((type): SshHostKey[] => {
      const secret = given[`${type}_private` as const];
      const proof = given[`${type}_certificate` as const];
      const known = given[`${type}_public` as const];
      if (secret !== undefined) {
        known?.place.inform('no-effect', 'is not needed: the SSH server reads it out of the private key');
        return [{ type, privateKey: secret, ...(proof === undefined ? {} : { certificate: proof.value }) }];
      }
      for (const unused of [known, proof])
        unused?.place.warn('no-effect', `is not used: there is no usable "${type}_private"`, undefined, 'key');
      return [];
    }),
);

/** The SSH server's own keys. */
export const sshServerRows = [
  honoured<CloudInitDraft, Located<SshHostKey[]>>({
    key: 'ssh_keys',
    meaning: "the SSH server's own (host) keys and their certificates; without any it makes one and keeps it",
    shape: located(hostKeys),
    apply({ value, place }, { host }) {
      if (value.length === 0) return;
      host.config.ssh = { ...host.config.ssh, hostKeys: value };
      host.name(['ssh_keys'], place);
    },
  }),
  honoured<CloudInitDraft, Located<SshKeyType[]>>({
    key: 'ssh_genkeytypes',
    meaning:
      'the types of the keys that the SSH server makes when it has none: `ed25519` unless this key says otherwise',
    shape: located(list(oneOf(sshKeyTypes))),
    apply({ value, place }, { host }) {
      if (value.length === 0) return;
      host.config.ssh = { ...host.config.ssh, keyTypes: [...new Set(value)] };
      host.name(['ssh_genkeytypes'], place);
    },
  }),
  honoured<CloudInitDraft, boolean>({
    key: 'ssh_deletekeys',
    meaning:
      "`false` is how it is: a host keeps the keys that it made, also when its instance id changes, so that whoever knows it is not warned of another host. `true` is a warning: a copy of a host's disk has the same keys unless `ssh_keys` gives it others",
    shape: truth,
    apply(value, _draft, place) {
      if (!value) return;
      place.warn(
        'unsupported',
        'the SSH server keeps the keys that it made, also when the instance id changes; a copy of this disk has the same ones',
        'give each machine its own keys with "ssh_keys", or copy no disk of a host that has started',
        'key',
      );
    },
  }),
];
