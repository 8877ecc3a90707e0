import type { Problem } from '../../../core/diagnostic.ts';
import type { LocalFiles } from '../../local-files.ts';
import { didYouMean } from '../../near-miss.ts';
import { Place } from '../../place.ts';
import type { TextPosition } from '../../yaml-source.ts';
import { carryOver } from './carry-over.ts';
import { reportIdleBootDevice } from './checks/boot-device.ts';
import { checkButane } from './checks/checks.ts';
import { checkMetadata } from './checks/config.ts';
import { checkFilters } from './checks/filters.ts';
import { checkPartitions } from './checks/partitions.ts';
import type { Translating } from './context.ts';
import { GoDecoder, type UnknownKeyHint } from './go-yaml/decode.ts';
import type { GoNode } from './go-yaml/node.ts';
import { readGoYaml } from './go-yaml/read.ts';
import { Offsets } from './offsets.ts';
import {
  checkMachineDuplicates,
  checkMachines,
  forMachines,
  machineConfig,
  reportElided,
  reportMachineParts,
} from './openshift.ts';
import { configShape } from './spec/config.ts';
import { knownElsewhere } from './spec/known-elsewhere.ts';
import { type RecordShape, record, text as texts } from './spec/shape.ts';
import { normalVersion, type Spec, specs } from './spec/variants.ts';
import { addBootDevice } from './sugar/boot-device.ts';
import { addGrubUsers } from './sugar/grub.ts';
import { addMountUnits } from './sugar/mount-units.ts';
import { addQuadlets } from './sugar/quadlets.ts';
import { addTrees } from './sugar/trees.ts';
import { type TracedRecord, traced } from './traced.ts';

export interface TranslateOptions {
  /** The files that `local` and its like take in; absent: such a key is an error, as it is for Butane. */
  readonly files?: LocalFiles | undefined;
  /**
   * `machine-config`: as `butane` alone, which holds an OpenShift config to what its operator can do; `ignition`: as
   * `butane --raw`, which only wants the Ignition config of it; `host`: held to the same, with a word on what only the operator
   * would do. The other variants do not differ.
   */
  readonly target?: 'ignition' | 'machine-config' | 'host';
  /** False: contents are embedded as they are, which means the same and takes less time. Default true, as Butane. */
  readonly compresses?: boolean;
}

export interface ButaneTranslation {
  /** The Ignition config, each part with its origin in the text; undefined when an error was reported. */
  readonly ignition: TracedRecord | undefined;
  /** For OpenShift: the MachineConfig around it. */
  readonly machineConfig: TracedRecord | undefined;
  readonly spec: Spec | undefined;
  /** What was found, in the order it was found; paths are those of the Butane text. */
  readonly problems: readonly ButaneProblem[];
  readonly offsets: Offsets;
  /** The document's place: for what is found in the Ignition config later on. */
  readonly root: Place;
}

export interface ButaneProblem extends Problem {
  /** Where it stands, when it is not where its path leads. */
  readonly position?: TextPosition;
}

/**
 * Translates a Butane config to Ignition as Butane 0.29 does: the same keys, the same sugar, the same refusals. What Ignition
 * itself has against the result is for its reader to find. Pure but for the files' port; never throws.
 */
export function translateButane(text: string, options: TranslateOptions = {}): ButaneTranslation {
  const yaml = readGoYaml(text);
  const offsets = new Offsets((offset) => yaml.position(offset));
  const problems: ButaneProblem[] = yaml.problems.map(({ problem, position }) => ({ ...problem, position }));
  const root = new Place([], (problem) => problems.push(problem));
  const failed = (): boolean => problems.some(({ severity }) => severity === 'error');
  const refused = (spec?: Spec): ButaneTranslation => ({
    ignition: undefined,
    machineConfig: undefined,
    spec,
    problems,
    offsets,
    root,
  });
  if (failed()) return refused();
  const spec = findSpec(yaml.root, offsets, root);
  if (spec === undefined || yaml.root === undefined) return refused(spec);
  const shape = configShape(spec);
  const hintFor: UnknownKeyHint = (recordName, key) => knownElsewhere(spec, recordName, key);
  const butane = new GoDecoder(offsets, hintFor).record(yaml.root, shape, root);
  if (butane === undefined || failed()) return refused(spec);

  const at = (path: readonly (string | number)[]): Place =>
    path.reduce<Place>((place, part) => place.child(part), root);
  const context: Translating = {
    spec,
    files: options.files,
    // Before 4.10 the operator could not unpack contents.
    compresses: options.compresses !== false && (spec.openshift === undefined || spec.openshift >= 10),
    at,
  };
  checkButane(butane, shape, context);
  if (spec.openshift !== undefined) checkMetadata(butane, context);
  if (failed()) return refused(spec);

  const ignition = desugar(butane, shape, context, failed);
  if (failed()) return refused(spec);
  const isMachineConfig = spec.openshift !== undefined && options.target !== 'ignition';
  if (spec.openshift === undefined || isMachineConfig) checkFilters(ignition, spec.filters, ({ from }) => at(from));
  if (spec.openshift !== undefined && options.target === 'ignition') reportElided(butane, context);
  if (spec.openshift !== undefined && options.target === 'host') reportMachineParts(butane, context);
  if (failed()) return refused(spec);
  if (isMachineConfig) checkMachineDuplicates(butane, context);
  return { ...refused(spec), ignition, machineConfig: isMachineConfig ? machineConfig(butane, ignition) : undefined };
}

/** The Ignition config with all sugar in it; stops where Butane stops. */
function desugar(butane: TracedRecord, shape: RecordShape, context: Translating, failed: () => boolean): TracedRecord {
  const { spec } = context;
  const carried = carryOver(butane, shape, context);
  const header = carried.record('ignition').with({ version: traced(spec.ignition, ['version']) });
  let ignition = addMountUnits(butane, carried.with({ ignition: header }), spec.base);
  ignition = addTrees(butane, ignition, context);
  ignition = addQuadlets(butane, ignition, context);
  if (failed()) return ignition;
  ignition = addBootDevice(butane, ignition);
  reportIdleBootDevice(butane, context.at);
  checkPartitions(ignition, context);
  ignition = addGrubUsers(butane, ignition, context.compresses);
  if (spec.openshift === undefined) return ignition;
  ignition = forMachines(butane, ignition, context);
  checkMachines(ignition, context);
  return ignition;
}

const headerShape = record('header', texts('variant', 'version'));

/** The spec that the text names; undefined, and an error, when Butane knows none of that name. */
function findSpec(node: GoNode | undefined, offsets: Offsets, root: Place): Spec | undefined {
  const problems: Problem[] = [];
  const errors = new Place([], (problem) => problems.push(problem));
  const header = node === undefined ? undefined : new GoDecoder(offsets).record(node, headerShape, errors);
  const [error] = problems.filter(({ severity }) => severity === 'error');
  if (error !== undefined) {
    const place = error.path.reduce<Place>((at, part) => at.child(part), root);
    place.error(error.code, error.message, error.hint, error.at);
    return undefined;
  }
  const variant = header?.text('variant') ?? '';
  if (variant === '') {
    root.error(
      'missing-key',
      '"variant" is missing',
      `one of ${variants.join(', ')}; Ignition's own JSON goes into a file *.ign`,
    );
    return undefined;
  }
  const version = normalVersion(header?.text('version') ?? '');
  if (version === undefined) {
    root.child('version').error('invalid-value', '"version" must be a version of three numbers, as 1.5.0');
    return undefined;
  }
  const spec = specs.find((row) => row.variant === variant && row.version === version);
  if (spec === undefined) reportUnknown(variant, version, root);
  return spec;
}

const variants = [...new Set(specs.map(({ variant }) => variant))];

function reportUnknown(variant: string, version: string, root: Place): void {
  if (!variants.includes(variant)) {
    const hint = variant === 'rhcos' ? 'use the variant openshift' : didYouMean(variant, variants);
    root.child('variant').error('invalid-value', `there is no variant "${variant}"`, hint);
    return;
  }
  const known = specs.filter((row) => row.variant === variant).map((row) => row.version);
  const stable = known.find((name) => `${name}-experimental` === version);
  const hint = stable === undefined ? `there are ${known.join(', ')}` : `it is no experiment any more: write ${stable}`;
  root.child('version').error('invalid-value', `the variant ${variant} has no version ${version}`, hint);
}
