import { expect, test } from '@jest/globals';
import type { RebootPermit } from '../../../../src/update/reboot/permit.ts';
import { PermitDesk } from '../../../../src/update/reboot/permit-desk.ts';
import { ManualClock } from './manual-clock.ts';

const { signal } = new AbortController();

class Giver implements RebootPermit {
  readonly #told: string[];
  readonly #name: string;
  canRelease = true;

  constructor(name: string, told: string[]) {
    this.#name = name;
    this.#told = told;
  }

  async acquire() {
    this.#told.push(`${this.#name} acquire`);
    return { kind: 'held' } as const;
  }

  async release() {
    this.#told.push(`${this.#name} release`);
    if (!this.canRelease) throw new Error('no route');
  }
}

function desk() {
  const told: string[] = [];
  const [one, other] = [new Giver('one', told), new Giver('other', told)];
  const declared: { permit: RebootPermit | undefined } = { permit: one };
  const clock = new ManualClock();
  const desk = new PermitDesk({
    permit: () => declared.permit,
    clock,
    random: () => 0,
    onProblem: (why) => told.push(why),
  });
  return { desk, told, one, other, declared, clock };
}

test('when another one is declared, the first is given back before the other is asked', async () => {
  const { desk: some, told, other, declared } = desk();
  await some.ask(signal);
  declared.permit = other;
  await some.ask(signal);
  expect(told).toEqual(['one acquire', 'one release', 'other acquire']);
  expect(some.state).toEqual({ kind: 'held' });
});

test('when the first cannot be given back, the other is not asked', async () => {
  const { desk: some, told, one, other, declared } = desk();
  await some.ask(signal);
  one.canRelease = false;
  declared.permit = other;
  await some.ask(signal);
  expect(told).toEqual(['one acquire', 'one release', 'the permit was not given back: no route']);
  expect(some.state).toMatchObject({ kind: 'refused', untilMs: 60_000 });
});

test('what an earlier run may have is given back where that got it', async () => {
  const told: string[] = [];
  const [left, declared] = [new Giver('left', told), new Giver('declared', told)];
  const clock = new ManualClock();
  const some = new PermitDesk({
    permit: () => declared,
    leftPermit: left,
    clock,
    random: () => 0,
    onProblem: () => undefined,
  });
  expect(await some.giveBack(signal)).toBe(true);
  expect(await some.giveBack(signal)).toBe(true);
  expect(told).toEqual(['left release']);
});

test('what was held is given back where it was got, though nothing is declared any more', async () => {
  const { desk: some, told, declared } = desk();
  await some.ask(signal);
  declared.permit = undefined;
  expect(await some.giveBack(signal)).toBe(true);
  expect(told).toEqual(['one acquire', 'one release']);
  expect(some.state).toEqual({ kind: 'none' });
});

test('while nobody can be asked and nothing goes back, each is told once, and again after it was well', async () => {
  const { desk: some, told, one, declared } = desk();
  const lines = (): string[] => told.splice(0).filter((line) => !line.startsWith('one '));
  const round = async (): Promise<void> => {
    await some.ask(signal);
    await some.giveBack(signal);
  };
  declared.permit = {
    acquire: async (limited) => {
      if (!one.canRelease) throw new Error('no route');
      limited.throwIfAborted();
      return one.acquire();
    },
    release: async () => one.release(),
  };
  one.canRelease = false;
  await round();
  await round();
  expect(lines()).toEqual(['no route', 'the permit was not given back: no route']);
  one.canRelease = true;
  await round();
  one.canRelease = false;
  await round();
  expect(lines()).toEqual(['no route', 'the permit was not given back: no route']);
});

test('none is declared', async () => {
  const { desk: some, declared } = desk();
  declared.permit = undefined;
  await some.ask(signal);
  expect(some.state).toMatchObject({ kind: 'refused', why: 'the strategy is "permit", and none is declared' });
  expect(await some.giveBack(signal)).toBe(true);
});

test('an end rejects', async () => {
  const { desk: some, declared } = desk();
  const end = new AbortController();
  declared.permit = { acquire: async () => new Promise(() => undefined), release: async () => undefined };
  const asked = some.ask(end.signal);
  end.abort(new Error('the end'));
  await expect(asked).rejects.toThrow('the end');
});

test('a clock that is set back does not make a refusal last', async () => {
  const { desk: some, declared, clock } = desk();
  clock.set(1e11);
  declared.permit = undefined;
  await some.ask(signal);
  clock.set(0);
  expect(some.state).toMatchObject({ kind: 'refused', untilMs: 120_000 });
});
