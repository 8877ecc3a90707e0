import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { composeResourceSchema, composeServiceSchema, parseCompose } from '../../../../src/config/compose/parse.ts';
import { serviceKeys } from '../../../../src/config/compose/service-keys.ts';
import { sampleResources, sampleValues } from './samples.ts';

const options = { environment: {}, basePath: ['berth'] };
const keys = Object.keys(serviceKeys);
const samples: Readonly<Record<string, unknown>> = sampleValues;

function parseWeb(service: unknown) {
  return parseCompose({ services: { web: service }, ...sampleResources }, options);
}

describe('every key of the table', () => {
  test.each(keys)('%s: a valid value is in the model, or a warning says why not', (key) => {
    const { model, problems } = parseWeb({ [key]: samples[key] });
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    const spec: Readonly<Record<string, unknown>> = model.services['web'] ?? {};
    const isWarned = problems.some(
      ({ path, code, hint }) => path[3] === key && code === 'unsupported' && hint !== undefined,
    );
    expect([spec[key] !== undefined, isWarned]).toEqual(isWarned ? [false, true] : [true, false]);
  });

  test('any set of keys: none is dropped silently', () => {
    fc.assert(
      fc.property(
        fc.subarray(keys),
        fc.dictionary(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3 }),
        (chosen, wrong) => {
          const service = { ...Object.fromEntries(chosen.map((key) => [key, samples[key]])), ...wrong };
          const { model, problems } = parseWeb(service);
          const spec = model.services['web'];
          const isReported = (key: string): boolean => problems.some(({ path }) => path[3] === key);
          if (spec === undefined) expect(problems.some(({ severity }) => severity === 'error')).toBe(true);
          else
            for (const key of Object.keys(service))
              expect([key, key in spec || isReported(key) || service[key] === null]).toEqual([key, true]);
        },
      ),
    );
  });
});

describe('parseCompose never throws', () => {
  const tree = fc.jsonValue({ maxDepth: 5 });

  test('on any plain data', () => {
    fc.assert(
      fc.property(
        fc.record(
          { services: tree, networks: tree, volumes: tree, secrets: tree, configs: tree },
          { requiredKeys: [] },
        ),
        (raw) => {
          const { problems } = parseCompose(raw, options);
          expect(problems.every(({ path, message }) => path[0] === 'berth' && message !== '')).toBe(true);
        },
      ),
    );
  });

  test('on a service with wrong values anywhere', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('${', '$X', '${X:?}', ':', '::', '=', '80:', '"', '-', '__proto__'),
    );
    const value = fc.oneof(
      text,
      fc.integer(),
      fc.double(),
      fc.constant(null),
      fc.array(text, { maxLength: 3 }),
      fc.dictionary(text, text, { maxKeys: 3 }),
    );
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(...keys),
          fc.oneof(value, fc.array(value, { maxLength: 3 }), fc.dictionary(text, value, { maxKeys: 3 })),
        ),
        (service) => {
          const { model, problems } = parseWeb(service);
          const isLeftOut = problems.some(({ severity }) => severity === 'error');
          expect(model.services['web'] === undefined).toBe(isLeftOut);
        },
      ),
    );
  });
});

describe('the JSON Schema is made from the same table', () => {
  const ajv = new Ajv2020({ strict: false });

  test('it takes every sample value, and no unknown key', () => {
    const isValid = ajv.compile(composeServiceSchema());
    for (const key of keys) expect([key, isValid({ [key]: samples[key] }), isValid.errors]).toEqual([key, true, null]);
    expect(isValid({ 'x-mine': 1 })).toBe(true);
    expect(isValid({ imag: 'x' })).toBe(false);
    expect(isValid({ image: 1 })).toBe(false);
    // The one duration that needs no unit; a seed of the property below came upon it.
    expect(isValid({ stop_grace_period: 0 })).toBe(true);
    expect(isValid({ stop_grace_period: 1 })).toBe(false);
    expect(isValid({ 'x-berth': { engine: 'other' } })).toBe(false);
  });

  test.each(['networks', 'volumes', 'secrets', 'configs'] as const)('%s too', (kind) => {
    const isValid = ajv.compile(composeResourceSchema(kind));
    expect(isValid({ name: 'a', external: true })).toBe(true);
    expect(isValid({ nam: 'a' })).toBe(false);
  });

  test('what is refused for its type by the schema is refused by the parser', () => {
    const isValid = ajv.compile(composeServiceSchema());
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 2 }), (key, value) => {
        if (isValid({ [key]: value })) return;
        expect(parseWeb({ [key]: value }).problems).not.toEqual([]);
      }),
    );
  });
});
