import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/agent/system-clock.ts';
import type { PowerConfig } from '../../../src/config/commands-config.ts';
import { type ParseResult, parseConfig } from '../../../src/config/parse.ts';
import { TaskMarks } from '../../../src/host/commands/task-marks.ts';
import { HostTaskRunner } from '../../../src/host/commands/task-runner.ts';
import { commandTasks } from '../../../src/host/commands/tasks.ts';

const { signal } = new AbortController();
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-commands-'));
});
afterEach(async () => rm(directory, { recursive: true }));

/** One boot of a machine: what its state directory has stays, what is below /run does not. */
class Boot {
  readonly said: string[] = [];
  readonly powers: PowerConfig[] = [];
  readonly marks: TaskMarks;
  readonly runner: HostTaskRunner;

  constructor(number: number, limitMs = 20_000) {
    const run = join(directory, `run-${number}`);
    this.marks = new TaskMarks({
      kept: join(directory, 'commands.json'),
      boot: join(directory, `boot-${number}.json`),
    });
    this.runner = new HostTaskRunner({
      ...{
        marks: this.marks,
        clock: systemClock,
        directory: run,
        version: '1.0',
        hostKeyDirectory: join(directory, 'keys'),
      },
      perDirectory: join(directory, 'per'),
      logFile: join(directory, 'log'),
      datasource: () => 'nocloud',
      say: (line) => this.said.push(line),
      power: async (power) => {
        this.powers.push(power);
      },
      limits: { earlyMs: limitMs, lateMs: limitMs },
    });
  }

  /** Runs all that a config declares. @returns what failed, a line each. */
  async all(config: ParseResult['config'], instance = 'i-1'): Promise<string[]> {
    await this.marks.begin(instance);
    const failed: string[] = [];
    for (const task of commandTasks(config))
      await this.runner
        .run(task, signal)
        .catch((error: unknown) => failed.push(`${task.id}: ${(error as Error).message}`));
    return failed;
  }
}

const config = (text: string): ParseResult['config'] => {
  const { config: read, diagnostics } = parseConfig([
    { file: 'u', text: text.startsWith('#') ? text : `#cloud-config\n${text}` },
  ]);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return read;
};
const log = async (): Promise<string> => readFile(join(directory, 'log'), 'utf8');
/** The log without its headings. */
const said = async (): Promise<string[]> => (await log()).split('\n').filter((line) => !/^\d{4}-|^$/.test(line));

describe('commands', () => {
  test('share one shell, and a failing one stops none of the others', async () => {
    const boot = new Boot(1);
    const failed = await boot.all(
      config(`runcmd:
- cd /usr
- pwd
- name=a b=1
- "false"
- echo "status $?"
- [echo, "$b", "it's"]
- [no-such-program, x]
- |
  cat <<END
  $b
  END
- export X=1; exit 3
- echo never
`),
    );
    expect(await said()).toEqual(['/usr', 'status 1', "$b it's", expect.stringContaining('no-such-program'), '1']);
    expect(failed).toEqual([
      expect.stringMatching(
        /^runcmd: runcmd\[3\] ended with 1; runcmd\[6\] ended with 127; runcmd\[8\] ended the shell with 3: /,
      ),
    ]);
  });

  test('know their instance', async () => {
    await new Boot(1).all(config('bootcmd: [\'echo "$INSTANCE_ID"\']\n'), 'i-abc');
    expect(await said()).toEqual(['i-abc']);
  });

  test('may leave something running, which is not waited for and writes on', async () => {
    const started = Date.now();
    expect(await new Boot(1).all(config('runcmd: ["(sleep 1; echo later) &", echo now]\n'))).toEqual([]);
    expect(Date.now() - started).toBeLessThan(900);
    await pause(1500);
    expect(await said()).toEqual(['now', 'later']);
  });

  test('are ended, with their children, when they take too long', async () => {
    const failed = await new Boot(1, 300).all(config('runcmd: ["sleep 30 | sleep 31", echo never]\n'));
    expect(failed).toEqual(['runcmd: it took more than 0.3 s, and was ended: it said nothing']);
    expect(await said()).toEqual([]);
  });
});

describe('how often', () => {
  const declared = config(`#cloud-config-archive
- "#cloud-config\\nbootcmd: [echo bootcmd]\\nruncmd: [echo runcmd]\\nfinal_message: \\"$version of $datasource\\""
- {type: text/cloud-boothook, content: "#!/bin/sh\\necho hook"}
- {type: text/x-shellscript-per-boot, content: "#!/bin/sh\\necho per-boot"}
- {type: text/x-shellscript-per-once, content: "#!/bin/sh\\necho per-once"}
- {type: text/x-shellscript-per-instance, content: "#!/bin/sh\\necho per-instance"}
- {type: text/x-shellscript, content: "#!/bin/sh\\necho user"}
`);
  const every = ['hook', 'bootcmd'];

  test('on a first boot, on another boot, on another instance', async () => {
    const first = new Boot(1);
    await first.all(declared);
    // An agent that starts anew in the same boot.
    await new Boot(1).all(declared);
    expect([await said(), first.said]).toEqual([
      [...every, 'per-once', 'per-boot', 'per-instance', 'user', 'runcmd'],
      ['1.0 of nocloud'],
    ]);
    await rm(join(directory, 'log'));
    await new Boot(2).all(declared);
    expect(await said()).toEqual([...every, 'per-boot']);
    await rm(join(directory, 'log'));
    await new Boot(3).all(declared, 'i-2');
    expect(await said()).toEqual([...every, 'per-boot', 'per-instance', 'user', 'runcmd']);
  });

  test('what was cut short is not run again', async () => {
    const ending = new AbortController();
    const boot = new Boot(1);
    await boot.marks.begin('i-1');
    const [task] = commandTasks(config('runcmd: [echo one; sleep 1; echo two]\n'));
    const running = boot.runner.run(task!, ending.signal);
    await pause(300);
    ending.abort();
    // At once: an agent that ends leaves it running.
    await expect(running).rejects.toThrow();
    expect(await said()).toEqual(['one']);
    await pause(1500);
    const later = new Boot(2);
    await later.runner.run(task!, signal);
    expect([(await later.marks.all()).get('runcmd')?.outcome, await said()]).toEqual(['started', ['one', 'two']]);
  });
});

test('cloud-init-per runs a command as often as it says', async () => {
  const declared = config(`bootcmd:
- cloud-init-per once a echo once
- [cloud-init-per, instance, a, echo, instance]
- cloud-init-per always a sh -c 'echo always; exit 3'
- cloud-init-per often a true
`);
  const failed = await new Boot(1).all(declared);
  expect(failed).toEqual([expect.stringMatching(/^bootcmd: bootcmd\[2\] ended with 3; bootcmd\[3\] ended with 64: /)]);
  await new Boot(2).all(declared);
  await new Boot(3).all(declared, 'i-2');
  expect((await said()).filter((line) => !line.startsWith('cloud-init-per'))).toEqual([
    'once',
    'instance',
    'always',
    'always',
    'instance',
    'always',
  ]);
});

describe('scripts', () => {
  test.each([
    ['ends badly', '#!/bin/sh\necho why >&2\nexit 4\n', /it ended with 4: why/],
    ['has no interpreter on this host', '#!/no/such/shell\n', /there is no .*, or not the interpreter/],
  ])('one that %s', async (_, content, message) => {
    const text = `#cloud-config-archive\n${JSON.stringify([{ type: 'text/x-shellscript', content }])}`;
    expect(await new Boot(1).all(config(text))).toEqual([expect.stringMatching(message)]);
  });

  test("a vendor's runs with its prefix", async () => {
    const { config: read } = parseConfig([
      { file: 'v', text: '#!/bin/sh\necho "$A"\n', layer: 'vendor-data' },
      { file: 'u', text: '#cloud-config\nvendor_data: {prefix: [env, A=1]}\n' },
    ]);
    await new Boot(1).all(read);
    expect(await said()).toEqual(['1']);
  });
});

describe('the end of a boot', () => {
  test('phones home with what was asked for, as often as it takes', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        asked.push(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`);
        response.writeHead(asked.length === 1 ? 503 : 200).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const text = `hostname: web-1
fqdn: web-1.example.org
phone_home: {url: "http://127.0.0.1:${port}/$INSTANCE_ID/", post: [hostname, fqdn, instance_id, pub_key_rsa], tries: 3}
`;
    expect(await new Boot(1).all(config(text))).toEqual([]);
    const line =
      'POST /i-1/ application/x-www-form-urlencoded hostname=web-1&fqdn=web-1.example.org&instance_id=i-1&pub_key_rsa=N%2FA';
    expect(asked).toEqual([line, line]);
    server.close();
    const refused = await new Boot(2).all(
      config(text.replace('tries: 3', 'tries: 1').replace('web-1\n', 'web-2\n')),
      'i-2',
    );
    expect(refused).toEqual([expect.stringMatching(/was not told, in 1 tries: .*ECONNREFUSED/)]);
  });

  test.each([
    ['true', 1],
    ['[test, -d, /usr]', 1],
    ['test -d /no/such', 0],
    ['false', 0],
  ])('the machine restarts if %s', async (condition, times) => {
    const boot = new Boot(1);
    expect(await boot.all(config(`power_state: {mode: reboot, delay: 2, condition: ${condition}}\n`))).toEqual([]);
    expect(boot.powers.map(({ mode, delayMinutes }) => [mode, delayMinutes])).toEqual(Array(times).fill(['reboot', 2]));
  });
});
