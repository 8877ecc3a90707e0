/** The type of a value in a Butane spec. */
export type Shape = ScalarShape | ListShape | TextsShape | RecordShape;

export type ScalarShape = { readonly kind: 'text' } | { readonly kind: 'whole' } | { readonly kind: 'truth' };

export interface ListShape {
  readonly kind: 'list';
  readonly item: Shape;
}

/** A mapping from any name to text. */
export interface TextsShape {
  readonly kind: 'texts';
}

export interface RecordShape {
  readonly kind: 'record';
  /** What a value of it is, for the steps that translate it in another way than key by key. */
  readonly name: string;
  readonly fields: readonly Field[];
}

export interface Field {
  /** The key in Butane. */
  readonly key: string;
  readonly shape: Shape;
  /** The key in Ignition; undefined for sugar, which has none. */
  readonly ignition: string | undefined;
  /** What stands in the Ignition config when it is not given: empty text, or null where Ignition 3.0 has it; nothing else. */
  readonly absent: '' | null | undefined;
  /** An empty record of it stays in the Ignition config. */
  readonly keepsEmpty: boolean;
  /** Empty text or 0 is as if it was not given. */
  readonly dropsEmpty: boolean;
}

const textShape: ScalarShape = { kind: 'text' };

function field(key: string, shape: Shape, options: Partial<Field> = {}): Field {
  return {
    key,
    shape,
    ignition: ignitionKey(key),
    absent: undefined,
    keepsEmpty: false,
    dropsEmpty: false,
    ...options,
  };
}

/** `size_mib` → `sizeMiB`, `home_dir` → `homeDir`. */
function ignitionKey(key: string): string {
  return key.replace(/_mib$/, 'MiB').replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

export const text = (...keys: readonly string[]): Field[] => keys.map((key) => field(key, textShape));
/** Text that the Ignition config always has. */
export const name = (key: string): Field => field(key, textShape, { absent: '' });
export const whole = (...keys: readonly string[]): Field[] => keys.map((key) => field(key, { kind: 'whole' }));
export const truth = (...keys: readonly string[]): Field[] => keys.map((key) => field(key, { kind: 'truth' }));
export const texts = (...keys: readonly string[]): Field[] =>
  keys.map((key) => field(key, { kind: 'list', item: textShape }));
export const list = (key: string, item: Shape): Field => field(key, { kind: 'list', item });
export const part = (key: string, shape: Shape, options: Partial<Field> = {}): Field => field(key, shape, options);
/** A value that is not given when it is empty text or 0. */
export const given = (fields: readonly Field[]): Field[] => fields.map((one) => ({ ...one, dropsEmpty: true }));
/** The same fields as sugar: without a counterpart in Ignition. */
export const sugar = (fields: readonly Field[]): Field[] =>
  fields.map((sweet) => ({ ...sweet, ignition: undefined, absent: undefined }));
export const record = (called: string, fields: readonly Field[]): RecordShape => ({
  kind: 'record',
  name: called,
  fields,
});
