import { expect, test } from '@jest/globals';
import { digestOf } from '../../../src/boot/argument-entry.ts';
import type { KernelArguments, KernelArgumentsState } from '../../../src/boot/kernel-arguments.ts';
import { FakeHost } from '../../fakes/fake-host.ts';
import { blockedLines, config, imageEtc, planOf, reconcile } from './support.ts';

type Open = KernelArgumentsState & { readonly kind: 'open' };

const open: Open = {
  ...({ kind: 'open', own: 'berth.usr=ab:1 console=tty0', current: '', next: '' } as const),
  commandLine: 'berth.usr=ab:1 console=tty0 quiet',
  failed: new Map(),
  isReleaseOnTrial: false,
};

/** A boot loader in memory; `boot` is a restart after which the host is well. */
class FakeArguments implements KernelArguments {
  state: KernelArgumentsState;

  constructor(state: KernelArgumentsState) {
    this.state = state;
  }

  async isUsed(): Promise<boolean> {
    return this.state.kind === 'open' && this.state.current !== this.state.next;
  }

  async look(): Promise<KernelArgumentsState> {
    return this.state;
  }

  async stage(text: string): Promise<void> {
    this.state = { ...(this.state as Open), next: text, failed: new Map() };
  }

  boot(): void {
    const { next } = this.state as Open;
    this.state = { ...open, current: next, next, commandLine: `${open.own} ${next}` };
  }
}

function hostWith(state: KernelArgumentsState): FakeHost & { kernelArguments: FakeArguments } {
  return Object.assign(new FakeHost({ defaults: imageEtc }), { kernelArguments: new FakeArguments(state) });
}

const quiet = 'berth: {kernel: {arguments: [quiet]}}';

test.each([
  { what: 'are staged, at the cost of a restart', steps: ['reboot boot with kernel arguments quiet'] },
  {
    what: 'wait for the restart',
    state: { next: 'quiet' },
    blocked: ['boot kernel/arguments: kernel arguments quiet at the next boot'],
  },
  { what: 'are there', state: { current: 'quiet', next: 'quiet' } },
  {
    what: 'of the release need nothing',
    text: 'berth: {kernel: {arguments: [console=tty0]}}',
  },
  {
    what: 'are taken out at the cost of a restart',
    text: 'berth: {kernel: {absent_arguments: [x]}}',
    state: { current: 'quiet', next: 'quiet' },
    steps: ['reboot boot with no kernel arguments of the config'],
  },
  {
    what: 'that wait are given up at no cost',
    text: 'hostname: a',
    state: { next: 'quiet' },
    steps: ['live keep the kernel arguments of this boot'],
  },
  {
    what: 'of the release that are not to be there stay',
    text: 'berth: {kernel: {absent_arguments: [console=tty0, splash]}}',
    blocked: [
      'config kernel/absent-arguments: "console=tty0" is among the release\'s own arguments, which are part of its kernel image',
    ],
  },
  {
    what: 'that failed are not tried again',
    state: { failed: new Map([[digestOf('quiet'), 'it was not healthy']]) },
    blocked: ['config kernel/arguments: kernel arguments quiet was tried and taken back: it was not healthy'],
  },
  {
    what: 'that failed are forgotten when others are declared',
    text: 'berth: {kernel: {absent_arguments: [x]}}',
    state: { failed: new Map([[digestOf('quiet'), 'it was not healthy']]) },
    steps: ['live forget the kernel arguments that failed'],
  },
  {
    what: 'that the kernel did not get are told',
    state: { current: 'quiet', next: 'quiet', commandLine: open.own },
    blocked: ['config kernel/arguments: the boot loader starts the kernel without them'],
  },
  {
    what: 'wait for a release on trial',
    state: { isReleaseOnTrial: true },
    blocked: ['boot kernel/arguments: kernel arguments quiet once the release has proved itself'],
  },
  {
    what: 'have a limit',
    text: `berth: {kernel: {arguments: [a=${'x'.repeat(600)}, b=${'x'.repeat(600)}]}}`,
    blocked: ['config kernel/arguments: they have 1205 characters'],
  },
])('kernel arguments $what', async ({ text = quiet, state = {}, steps = [], blocked = [] }) => {
  const plan = await planOf(hostWith({ ...open, ...state }), config(text));
  const own = plan.steps.filter(({ kind }) => kind === 'stage-kernel-arguments');
  expect(own.map(({ cost, summary }) => `${cost} ${summary}`)).toEqual(steps);
  expect(blockedLines(plan)).toEqual(blocked);
});

test('kernel arguments come with a restart, and go with another', async () => {
  const host = hostWith(open);
  const first = await reconcile(host, config(quiet));
  expect([first.failed, first.blocked.map(({ until }) => until)]).toEqual([[], ['boot']]);
  host.kernelArguments.boot();
  expect(await planOf(host, config(quiet))).toEqual({ steps: [], blocked: [] });
  const none = config('hostname: a');
  await reconcile(host, none, { previous: config(quiet) });
  host.kernelArguments.boot();
  expect(await host.kernelArguments.look()).toMatchObject({ current: '' });
  expect(await planOf(host, none)).toEqual({ steps: [], blocked: [] });
});

test('where they cannot be had, the rest of a config is done', async () => {
  const why = 'with Secure Boot the kernel takes only the arguments that are signed with it';
  const host = hostWith({ kind: 'fixed', why, hint: 'take them out' });
  const outcome = await reconcile(host, config(`hostname: web\n${quiet}`));
  expect(blockedLines(outcome)).toEqual([`config kernel/arguments: ${why}`]);
  expect(host.kernel.name).toBe('web');
  host.kernelArguments.look = async () => Promise.reject(new Error('cannot mount /dev/vda1'));
  expect(blockedLines(await planOf(host, config(quiet)))).toEqual(['config kernel/arguments: cannot mount /dev/vda1']);
});
