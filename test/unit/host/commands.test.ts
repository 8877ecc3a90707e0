import { describe, expect, test } from '@jest/globals';
import type { CommandsConfig } from '../../../src/config/commands-config.ts';
import { noCommands } from '../../../src/config/commands-config.ts';
import { emptyHostConfig, type HostConfig } from '../../../src/config/host-config.ts';
import { renderFinalMessage } from '../../../src/host/commands/final-message.ts';
import { programOf } from '../../../src/host/commands/programs.ts';
import { describeStatuses, readStatuses, shellScript } from '../../../src/host/commands/shell-script.ts';
import type { TaskMark } from '../../../src/host/commands/task-state.ts';
import { type CommandTask, commandTasks } from '../../../src/host/commands/tasks.ts';
import { FakeHost } from '../../fakes/fake-host.ts';
import { blockedLines, config, imageEtc, planOf, reconcile, stepIds } from './support.ts';

const commands = (part: Partial<CommandsConfig>): HostConfig => ({
  ...emptyHostConfig,
  commands: { ...noCommands, ...part },
});
const script = (name: string, time: 'hook' | 'vendor' | 'once' | 'boot' | 'instance' | 'user', text = '#!/bin/sh\n') =>
  ({ name, time, contentBase64: Buffer.from(text).toString('base64') }) as const;

describe('the order and the frequency of what runs', () => {
  test('are those of cloud-init', () => {
    const declared = commands({
      early: [{ kind: 'shell', text: 'a' }],
      late: [{ kind: 'shell', text: 'b' }],
      scripts: [
        script('z', 'user'),
        script('part-001', 'user'),
        script('i', 'instance'),
        script('b', 'boot'),
        script('o', 'once'),
        script('v', 'vendor'),
        script('h', 'hook'),
      ],
      phoneHome: { url: 'http://a/$INSTANCE_ID', post: ['hostname'], tries: 2 },
      finalMessage: 'up',
      power: { mode: 'reboot', delayMinutes: 0, timeoutSeconds: 30, condition: true },
    });
    expect(commandTasks(declared).map(({ id, stage, frequency }) => `${id} ${stage} ${frequency}`)).toEqual([
      'script/hook/h early boot',
      'bootcmd early boot',
      'script/vendor/v late instance',
      'script/once/o late once',
      'script/boot/b late boot',
      'script/instance/i late instance',
      'script/user/part-001 late instance',
      'runcmd late instance',
      'script/user/z late instance',
      'phone_home late instance',
      'final_message late boot',
      'power_state late instance',
    ]);
  });

  test('nothing declared: nothing runs', () => expect(commandTasks(emptyHostConfig)).toEqual([]));
  test('a condition that is false: nothing happens', () => {
    expect(commandTasks(config('power_state: {mode: reboot, condition: false}\n'))).toEqual([]);
  });
  test('a change in what runs changes its digest', () => {
    const digest = (text: string): string | undefined => commandTasks(config(`runcmd: [${text}]\n`))[0]?.digest;
    expect(digest('a')).toBe(digest('a'));
    expect(digest('a')).not.toBe(digest('b'));
  });
});

/** A host that remembers what it was told to run. */
class RunningHost extends FakeHost {
  readonly ran: string[] = [];
  readonly marks = new Map<string, TaskMark>();
  readonly failing = new Set<string>();
  readonly tasks = {
    marks: async () => this.marks,
    run: async ({ id, digest }: CommandTask) => {
      this.ran.push(id);
      const isBad = this.failing.has(id);
      this.marks.set(id, {
        at: 0,
        digest,
        ...(isBad ? { outcome: 'failed', detail: 'it ended with 1' } : { outcome: 'done' }),
      });
      if (isBad) throw new Error('it ended with 1');
    },
  };
}

const host = (): RunningHost => new RunningHost({ files: { '/bin/sh': '', '/usr/bin/touch': '' }, defaults: imageEtc });

describe('on a host', () => {
  const text =
    'bootcmd: [a=1]\nruncmd: [[touch, /x]]\nwrite_files: [{path: /var/lib/a, content: b}]\nfinal_message: up\n';

  test('early commands go before files, late ones after', async () => {
    expect(stepIds(await planOf(host(), config(text)))).toEqual([
      'run-task:commands/bootcmd',
      'write-file:/var/lib/a',
      'run-task:commands/runcmd',
      'run-task:commands/final_message',
    ]);
  });

  test('late ones wait for the network', async () => {
    const machine = host();
    const { left } = await reconcile(machine, config(text), { phase: 'early' });
    expect([machine.ran, left.map(({ id }) => id)]).toEqual([
      ['bootcmd'],
      ['run-task:commands/runcmd', 'run-task:commands/final_message'],
    ]);
  });

  test('what has run is not run again, whatever it ended with, and a failure is told as long as it stands', async () => {
    const machine = host();
    machine.failing.add('bootcmd');
    const { failed } = await reconcile(machine, config(text));
    expect(failed.map(({ step, error }) => `${step.id} ${error}`)).toEqual([
      'run-task:commands/bootcmd it ended with 1',
    ]);
    const again = await reconcile(machine, config(text));
    expect([again.done, blockedLines(again)]).toEqual([[], ['config commands/bootcmd: it has run: it ended with 1']]);
    expect(machine.ran).toEqual(['bootcmd', 'runcmd', 'final_message']);
  });

  test.each([
    ['bootcmd: [a=2]\n', 'boot commands/bootcmd: it has changed, and runs at the next boot'],
    [
      'runcmd: [b=2]\n',
      'config commands/runcmd: it has changed, and has run on this instance before: it is not run again',
    ],
  ])('a change after it has run: %s', async (changed, line) => {
    const machine = host();
    await reconcile(machine, config('bootcmd: [a=1]\nruncmd: [b=1]\n'));
    const plan = await planOf(machine, config(changed));
    expect([stepIds(plan), blockedLines(plan)]).toEqual([[], [line]]);
  });

  test('what was cut short is told, and not run again', async () => {
    const machine = host();
    const declared = config('runcmd: [a=1]\n');
    const [task] = commandTasks(declared);
    machine.marks.set('runcmd', { at: 0, digest: task!.digest, outcome: 'started' });
    expect(blockedLines(await planOf(machine, declared))).toEqual([
      'config commands/runcmd: it was cut short when the host or its agent stopped, and is not run again',
    ]);
  });

  test('a program that is not there is told before anything runs', async () => {
    const plan = await planOf(host(), config('runcmd: [[touch, /x], [apt-get, update], "systemctl restart x"]\n'));
    expect(stepIds(plan)).toEqual(['run-task:commands/runcmd']);
    expect(plan.blocked.map(({ key, why }) => `${key}: ${why}`)).toEqual([
      'runcmd[1]: this host has no program apt-get',
      'runcmd[2]: this host has no program systemctl',
    ]);
  });

  test('a script whose interpreter is not there is not run', async () => {
    const plan = await planOf(host(), commands({ scripts: [script('s', 'user', '#!/usr/bin/env python3\n')] }));
    expect([stepIds(plan), plan.blocked.map(({ why }) => why)]).toEqual([
      [],
      ['this host has no program /usr/bin/env', 'this host has no program python3'],
    ]);
  });

  test('below a directory nothing runs', async () => {
    expect(stepIds(await planOf(new FakeHost({}), config('runcmd: [a]\n')))).toEqual([]);
  });
});

describe('a list of commands as a script', () => {
  test('keeps words as they are', () => {
    const text = shellScript([{ kind: 'program', args: ['echo', "it's", '$HOME', ''] }]);
    expect(text.split('\n')[0]).toBe("'echo' 'it'\\''s' '$HOME' ''");
  });

  test.each([
    ['0 0\n1 0\n', 0, []],
    ['0 1\n1 127\n', 0, ['x[0] ended with 1', 'x[1] ended with 127']],
    ['0 0\n', 3, ['x[1] ended the shell with 3']],
    ['0 0\n', 0, []],
    ['', 2, ['x[0] ended the shell with 2']],
  ])('%j and %i: %j', (status, exitCode, lines) => {
    expect(describeStatuses('x', readStatuses(status, 2), exitCode)).toEqual(lines);
  });
});

test.each([
  ['[touch, /x]', ['touch']],
  ['"touch /x"', ['touch']],
  ['"A=1 touch /x"', []],
  ['"if true; then x; fi"', []],
  ['"cd /tmp"', []],
  ['"$HOME/x"', []],
  ['"(touch x)"', []],
  ['"a; b"', []],
])('the program that %s names', (line, programs) => {
  const [task] = commandTasks(config(`runcmd: [${line}]\n`));
  expect(programOf(task!).map(({ program }) => program)).toEqual(programs);
});

const facts = { version: '1.2', uptime: '9.50', timestamp: 'now', datasource: 'nocloud' };
test.each([
  ['$version up $UPTIME seconds', '1.2 up 9.50 seconds'],
  ['${datasource}: $other', 'nocloud: $other'],
  ['## template: jinja\n{{ version }} {{datasource}} $version', '1.2 nocloud $version'],
])('final message %j', (text, said) => expect(renderFinalMessage(text, facts)).toBe(said));
