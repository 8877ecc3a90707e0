import type { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { certificateDigest } from '../../../src/boot/certificates.ts';
import {
  type FirmwareTrust,
  type KernelFacts,
  objectionToKernel,
  objectionToSigners,
} from '../../../src/boot/kernel-objection.ts';
import type { SignatureDatabase } from '../../../src/boot/signature-database.ts';
import { certificates } from './test-certificates.ts';

const { own, other, authority, issued } = certificates;
const program = { algorithm: 'sha256', digest: 'aa' } as const;
const revokedOwn = { algorithm: 'sha384', digest: certificateDigest(own, 'sha384') } as const;

type Lists = Readonly<Record<'allowed' | 'forbidden', Partial<SignatureDatabase>>>;

function trustOf({ allowed, forbidden }: Partial<Lists>): FirmwareTrust {
  const nothing = { certificates: [], programs: [], revoked: [] };
  return { allowed: { ...nothing, ...allowed }, forbidden: { ...nothing, ...forbidden } };
}

interface Case {
  readonly what: string;
  readonly signers: readonly X509Certificate[];
  readonly trust: Partial<Lists>;
  /** Which signatures hold, once the image is there. */
  readonly holdsBy?: Partial<KernelFacts['holdsBy']>;
  /** Undefined: nothing is known beforehand. */
  readonly foreseen: string | undefined;
  /** Undefined: it starts. */
  readonly why: string | undefined;
}

const ownIsTrusted = { allowed: { certificates: [own] } };

test.each<Case>([
  {
    ...{ what: 'signed by one that is trusted', signers: [own], trust: ownIsTrusted, holdsBy: { allowed: true } },
    ...{ foreseen: undefined, why: undefined },
  },
  {
    ...{ what: 'issued by one that is trusted', signers: [issued], trust: { allowed: { certificates: [authority] } } },
    ...{ holdsBy: { allowed: true }, foreseen: undefined, why: undefined },
  },
  {
    ...{ what: 'changed after it was signed', signers: [own], trust: ownIsTrusted },
    ...{ foreseen: undefined, why: 'its signature by CN=own does not hold' },
  },
  {
    ...{
      what: 'signed by one that nobody knows',
      signers: [other],
      trust: { allowed: { certificates: [own, authority] } },
    },
    foreseen: 'it is signed by CN=other, this firmware trusts CN=own and CN=authority (db)',
    why: 'it is signed by CN=other, this firmware trusts CN=own and CN=authority (db)',
  },
  {
    ...{ what: 'not signed', signers: [], trust: ownIsTrusted },
    foreseen: 'nobody signed it, this firmware trusts CN=own (db)',
    why: 'nobody signed it, this firmware trusts CN=own (db)',
  },
  {
    ...{ what: 'not signed, in a firmware that trusts nobody', signers: [], trust: {} },
    foreseen: 'nobody signed it, this firmware trusts nobody (db)',
    why: 'nobody signed it, this firmware trusts nobody (db)',
  },
  {
    ...{ what: 'trusted by its digest', signers: [], trust: { allowed: { programs: [program] } } },
    ...{ foreseen: undefined, why: undefined },
  },
  {
    ...{ what: 'another than those that are trusted by digest', signers: [other] },
    trust: { allowed: { programs: [{ ...program, digest: 'bb' }] } },
    ...{ foreseen: undefined, why: 'it is signed by CN=other, this firmware trusts nobody (db)' },
  },
  {
    ...{ what: 'signed by one that was revoked', signers: [own], holdsBy: { allowed: true, forbidden: true } },
    trust: { ...ownIsTrusted, forbidden: { certificates: [own] } },
    foreseen: 'it is signed by CN=own, which this firmware no longer trusts (dbx)',
    why: 'it is signed by CN=own, which this firmware no longer trusts (dbx)',
  },
  {
    ...{ what: 'issued by one that was revoked', signers: [issued], holdsBy: { allowed: true, forbidden: true } },
    trust: { allowed: { certificates: [issued] }, forbidden: { certificates: [authority] } },
    foreseen: 'it is signed by CN=issued, which this firmware no longer trusts (dbx)',
    why: 'it is signed by CN=issued, which this firmware no longer trusts (dbx)',
  },
  {
    ...{ what: 'signed by one that was revoked by digest', signers: [own], holdsBy: { allowed: true } },
    trust: { ...ownIsTrusted, forbidden: { revoked: [revokedOwn] } },
    foreseen: 'it is signed by CN=own, which this firmware no longer trusts (dbx)',
    why: 'it is signed by CN=own, which this firmware no longer trusts (dbx)',
  },
  {
    ...{ what: 'forbidden by its digest', signers: [own], holdsBy: { allowed: true } },
    trust: { ...ownIsTrusted, forbidden: { programs: [program] } },
    ...{ foreseen: undefined, why: 'this firmware forbids it by its digest (dbx)' },
  },
])('an image that is $what', ({ signers, trust, holdsBy, foreseen, why }) => {
  const lists = trustOf(trust);
  expect(objectionToSigners(signers, lists)?.why).toBe(foreseen);
  const facts = { signers, holdsBy: { allowed: false, forbidden: false, ...holdsBy }, digestBy: () => program.digest };
  const objection = objectionToKernel(facts, lists);
  expect(objection?.why).toBe(why);
  if (objection === undefined) return;
  expect(objection.signers).toEqual(signers.map(({ subject }) => subject));
  expect(objection.trusted).toEqual(lists.allowed.certificates.map(({ subject }) => subject));
});

test('an image is hashed once, however many digests are forbidden', () => {
  const programs = Array.from({ length: 300 }, (_, index) => ({ ...program, digest: `${index}` }));
  let hashed = 0;
  const digestBy = (): string => {
    hashed += 1;
    return program.digest;
  };
  const facts = { signers: [own], holdsBy: { allowed: true, forbidden: false }, digestBy };
  expect(objectionToKernel(facts, trustOf({ ...ownIsTrusted, forbidden: { programs } }))).toBeUndefined();
  expect(hashed).toBe(1);
});
