import type { PackageFile } from '../apt.ts';

/** An npm package, as package-lock.json has it. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly licence?: string;
  /** Subresource integrity. */
  readonly integrity?: string;
}

export interface SbomSources {
  readonly version: string;
  readonly architecture: string;
  /** Seconds since 1970. */
  readonly epochSeconds: number;
  readonly rootHash: string;
  readonly debian: readonly PackageFile[];
  readonly npm: readonly NpmPackage[];
}

/** The npm packages of a package-lock.json that are part of the program, not of its development. Sorted. Pure. */
export function npmPackages(lock: unknown): NpmPackage[] {
  const entries = Object.entries((lock as { packages: Record<string, LockEntry> }).packages);
  return entries
    .filter(([path, entry]) => path !== '' && entry.dev !== true && entry.devOptional !== true)
    .map(([path, { version, license, integrity }]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      ...(license === undefined ? {} : { licence: license }),
      ...(integrity === undefined ? {} : { integrity }),
    }))
    .sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

interface LockEntry {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

/** What the image consists of, as SPDX 2.3 in JSON. Source: the SPDX specification 2.3, chapters 6, 7 and 11. Pure. */
export function spdxDocument(sources: SbomSources): Record<string, unknown> {
  const { version, architecture, epochSeconds, rootHash } = sources;
  const image = {
    SPDXID: 'SPDXRef-Image',
    name: 'berth',
    versionInfo: version,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    primaryPackagePurpose: 'OPERATING-SYSTEM',
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'Apache-2.0',
    copyrightText: 'NOASSERTION',
  };
  const unique = new Map(sources.debian.map((file) => [file.fileName, file]));
  const debian = [...unique.values()].sort((a, b) => (a.fileName < b.fileName ? -1 : 1)).map(debianPackage);
  const packages = [image, ...debian, ...sources.npm.map(npmPackage)];
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `berth-${version}-${architecture}`,
    documentNamespace: `https://spdx.org/spdxdocs/berth-${version}-${architecture}-${rootHash.slice(0, 32)}`,
    creationInfo: {
      created: `${new Date(epochSeconds * 1000).toISOString().slice(0, 19)}Z`,
      creators: ['Tool: berth'],
    },
    packages,
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: image.SPDXID },
      ...packages.slice(1).map(({ SPDXID }) => ({
        spdxElementId: image.SPDXID,
        relationshipType: 'CONTAINS',
        relatedSpdxElement: SPDXID,
      })),
    ],
  };
}

function debianPackage({ name, version, fileName, sha256 }: PackageFile) {
  const architecture = /_([a-z0-9]+)\.deb$/.exec(fileName)?.[1] ?? 'all';
  return {
    SPDXID: spdxId(`deb-${name}-${version}`),
    name,
    versionInfo: version,
    supplier: 'Organization: Debian',
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    // Debian states licences per file: usr/share/doc/NAME/copyright in the image.
    licenseDeclared: 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    checksums: [{ algorithm: 'SHA256', checksumValue: sha256 }],
    externalRefs: [purl(`pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=trixie`)],
  };
}

function npmPackage({ name, version, licence, integrity }: NpmPackage) {
  return {
    SPDXID: spdxId(`npm-${name}-${version}`),
    name,
    versionInfo: version,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: licence ?? 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    ...(integrity?.startsWith('sha512-') === true
      ? {
          checksums: [
            { algorithm: 'SHA512', checksumValue: Buffer.from(integrity.slice(7), 'base64').toString('hex') },
          ],
        }
      : {}),
    externalRefs: [purl(`pkg:npm/${name.replace('@', '%40')}@${version}`)],
  };
}

function purl(locator: string) {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: locator };
}

/** An SPDX identifier holds letters, digits, `.` and `-` only. */
function spdxId(text: string): string {
  return `SPDXRef-${text.replace(/[^A-Za-z0-9.-]/g, (character) => `-x${character.charCodeAt(0).toString(16)}-`)}`;
}
