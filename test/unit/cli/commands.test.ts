import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ApplyEvent } from '../../../src/agent/model.ts';
import type { UpdateStatus } from '../../../src/update/machine/update-status.ts';
import { noon } from '../api/fake-agent.ts';
import { Bench } from './run-cli.ts';

const head = '#cloud-config\nberth:\n  services:\n';
const web = `${head}    db: {image: "example/db:3"}\n    web: {image: "example/web:1", ports: ["80:8080"], depends_on: {db: {condition: service_healthy}}}\n`;
const newer = web
  .replace('web:1', 'web:2')
  .replace(/ {4}db.*\n/, '')
  .replace(', depends_on: {db: {condition: service_healthy}}', '');
const failing = `${head}    web: {image: missing}\n`;

let bench: Bench;

beforeEach(async () => {
  bench = await Bench.open();
  const files = {
    'web.yaml': web,
    'newer.yaml': newer,
    'failing.yaml': failing,
    'broken.yaml': '#cloud-config\nberth:\n  servces: {}\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(bench.directory, name), text);
  bench.agent.logLines.set('web', [
    { stream: 'stdout', time: '2026-05-01T11:00:00Z', text: 'listening' },
    { stream: 'stderr', time: '2026-05-01T11:59:00Z', text: 'oops' },
  ]);
});

afterEach(async () => bench.close());

describe('plan', () => {
  test('shows steps with sign, cost and reason, what is left alone, and the sum', async () => {
    const { code, stdout } = await bench.run(['plan', 'web.yaml']);
    expect(code).toBe(0);
    expect(stdout).toBe(
      `   STEP                                                             COST  WHY
+  create and start db (example/db:3)                               live  berth.services.db added
+  create and start web (example/web:1) (waits for db to be healthy)  live  berth.services.web added

Left alone on this host:
   KEY       WHY
.  hostname  a local instance leaves the hostname alone

2 to add, 0 to change, 0 to remove; highest cost: live
`
        .replace(
          'STEP                                                             COST',
          'STEP                                                               COST',
        )
        .replace(
          '(example/db:3)                               live',
          '(example/db:3)                                 live',
        ),
    );
  });

  test('marks replacing and removing', async () => {
    await bench.run(['apply', 'web.yaml']);
    const { stdout } = await bench.run(['plan', 'newer.yaml']);
    expect(stdout).toContain('-  remove db');
    expect(stdout).toContain('~  replace and start web (example/web:2)  restart-service  berth.services.web changed');
    expect(stdout).toContain('0 to add, 1 to change, 1 to remove; highest cost: restart-service');
  });

  test.each([
    ['0 without --detailed-exitcode', ['plan', 'web.yaml'], false, 0],
    ['3 with it when something is to do', ['plan', '--detailed-exitcode', 'web.yaml'], false, 3],
    ['0 with it when nothing is to do', ['plan', '--detailed-exitcode', 'web.yaml'], true, 0],
    ['1 for a config with errors', ['plan', '--detailed-exitcode', 'broken.yaml'], false, 1],
    ['2 without a file', ['plan'], false, 2],
    ['2 with a file and a generation', ['plan', '--generation', '1', 'web.yaml'], false, 2],
    ['1 for a file that is not there', ['plan', 'nope.yaml'], false, 1],
  ])('exits with %s', async (_rule, args, isApplied, code) => {
    if (isApplied) await bench.run(['apply', 'web.yaml']);
    expect((await bench.run(args)).code).toBe(code);
  });

  test('without an agent says what the config is and how to start one', async () => {
    const { code, stderr } = await bench.run(['plan', 'web.yaml', '--socket', join(bench.directory, 'none.sock')]);
    expect(code).toBe(1);
    expect(stderr).toContain('the config is well-formed (db, web), but what it would change only an agent can tell');
    expect(stderr).toContain('hint: start one with "berth up --local"');
  });
});

describe('apply', () => {
  test('--destroy names what may be lost, over the API', async () => {
    await bench.run(['apply', '--destroy', '/dev/vdb', '--destroy', '/dev/vdc', 'web.yaml']);
    expect(bench.agent.destroyed).toEqual(['/dev/vdb', '/dev/vdc']);
    await bench.run(['apply', 'newer.yaml']);
    expect(bench.agent.destroyed).toEqual([]);
  });

  test('prints plan, steps, result of each key and the table of services', async () => {
    const { code, stdout, stderr } = await bench.run(['apply', 'web.yaml']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(
      'start   create and start db (example/db:3)\ndone    create and start db (example/db:3) (0.4 s)\n',
    );
    expect(stdout).toContain(`RESULT   KEY                 WHY
changed  berth.services.db   create and start db (example/db:3)
changed  berth.services.web  create and start web (example/web:1)

NAME  STATE    SINCE  IMAGE          PORTS
db    running  3 min  example/db:3
web   running  3 min  example/web:1  0.0.0.0:80->8080/tcp

Done: the host is as declared (generation 1).
`);
    expect(bench.agent.operators).toEqual([{ who: 'ops', command: 'berth apply web.yaml' }]);
  });

  test('a second time says that nothing was to do', async () => {
    await bench.run(['apply', 'web.yaml']);
    const { code, stdout } = await bench.run(['apply', 'web.yaml']);
    expect(code).toBe(0);
    expect(stdout).toContain('Nothing to do: the host is as declared.');
    expect(stdout).toContain('unchanged  berth.services.db, berth.services.web');
  });

  test('exits with 1 when a step failed, and says why and what next', async () => {
    const { code, stdout } = await bench.run(['apply', 'failing.yaml']);
    expect(code).toBe(1);
    expect(stdout).toContain('failed  create and start web (missing): no such image: missing, trying again in 5.0 s');
    expect(stdout).toContain('failed  berth.services.web  no such image: missing');
    expect(stdout).toContain('web   failed  missing  no such image: missing; next try in 5.0 s');
    expect(stdout).toContain('hint: berth why NAME tells more');
  });

  test('refuses a config with errors, shows where, and changes nothing', async () => {
    const { code, stderr } = await bench.run(['apply', 'broken.yaml']);
    expect(code).toBe(1);
    expect(stderr).toContain('broken.yaml:3:3: error:');
    expect(stderr).toContain('  3 |   servces: {}\n    |   ^');
    expect(stderr).toContain('nothing was changed: 1 error');
    expect((await bench.run(['generations'])).stdout).toContain('Nothing was applied yet');
  });

  test('says which services of it went back, and why', async () => {
    await bench.run(['apply', 'web.yaml']);
    bench.agent.rolledBack.set(1, { web: 'the new container is unhealthy' });
    await bench.run(['apply', 'newer.yaml']);
    const { stdout } = await bench.run(['generations']);
    expect(stdout).toMatch(/^2 +current .* {2}berth\.services\.db removed; berth\.services\.web changed$/m);
    expect(stdout).toMatch(/^1 +rejected .* {2}web rolled back: the new container is unhealthy; berth\.services\.db/m);
  });

  test('goes back to an earlier generation', async () => {
    await bench.run(['apply', 'web.yaml']);
    await bench.run(['apply', 'newer.yaml']);
    expect((await bench.run(['apply', '--generation', '1'])).code).toBe(0);
    const { stdout } = await bench.run(['generations']);
    expect(stdout.split('\n').map((line) => line.trimEnd())).toEqual(
      [
        'NUMBER  STATE     APPLIED    FROM          CHANGES',
        '3       current   60 min ago  generation 1  berth.services.db added; berth.services.web changed'.replace(
          '60 min ago ',
          '60 min ago ',
        ),
        '2       previous  60 min ago  newer.yaml    berth.services.db removed; berth.services.web changed',
        '1       previous  60 min ago  web.yaml      berth.services.db added; berth.services.web added',
        '',
      ].map((line) => line.replace('APPLIED    FROM', 'APPLIED     FROM')),
    );
  });

  test('reads standard input for "-"', async () => {
    const { code, stdout } = await bench.run(['apply', '-'], { stdin: web });
    expect(code).toBe(0);
    expect(stdout).toContain('generation 1');
  });

  test('--dry-run only plans', async () => {
    const { stdout } = await bench.run(['apply', '--dry-run', 'web.yaml']);
    expect(stdout).toContain('2 to add');
    expect(bench.agent.operators).toEqual([]);
  });

  test('--json prints every event on a line', async () => {
    const { stdout } = await bench.run(['apply', '--json', 'failing.yaml']);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ApplyEvent);
    expect(events.map(({ kind }) => kind)).toEqual(['plan', 'step-started', 'step-failed', 'result']);
  });
});

describe('apply on a terminal', () => {
  test('redraws running steps in place and leaves only finished ones', async () => {
    const { stdout } = await bench.run(['apply', 'web.yaml'], { columns: 100, env: { NO_COLOR: '1' } });
    expect(stdout).toContain('✓ create and start db (example/db:3) (0.4 s)\n');
    expect(stdout).toContain('0 of 2 done, 1 waiting, 0.0 s\n');
    const screen = renderScreen(stdout);
    expect(screen).not.toContain('waiting');
    expect(screen.indexOf('✓ create and start web')).toBeGreaterThan(screen.indexOf('✓ create and start db'));
    expect(screen).toContain('Done: the host is as declared (generation 1).');
  });

  test('shows steps whole on a serial console, which does not know its width', async () => {
    const { stdout } = await bench.run(['apply', 'web.yaml'], { columns: 0, env: { NO_COLOR: '1' } });
    expect(stdout).toContain('0 of 2 done, 1 waiting, 0.0 s\n');
  });

  test.each([
    ['colours on a terminal', {}, true],
    ['none with NO_COLOR', { NO_COLOR: '1' }, false],
    ['none on a dumb terminal', { TERM: 'dumb' }, false],
  ])('%s', async (_rule, env, isColoured) => {
    await bench.run(['apply', 'web.yaml']);
    const { stdout } = await bench.run(['status'], { columns: 100, env });
    expect(stdout.includes('\u001b[32mrunning')).toBe(isColoured);
  });

  test('none with --no-color, before or after the command', async () => {
    for (const args of [
      ['status', '--no-color'],
      ['--no-color', 'status'],
    ]) {
      expect((await bench.run(args, { columns: 100 })).stdout).not.toContain('\u001b[');
    }
  });

  test('no line of the status is wider than the terminal when only the detail is long', async () => {
    await bench.run(['apply', 'failing.yaml']);
    const { stdout } = await bench.run(['service', 'list', '--no-color'], { columns: 50 });
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(50);
    expect(stdout).toContain('…');
  });
});

describe('status', () => {
  test('shows host, engines and services; those that need a look come first', async () => {
    await bench.run(['apply', 'failing.yaml']);
    await writeFile(join(bench.directory, 'both.yaml'), `${failing}    db: {image: "example/db:3"}\n`);
    await bench.run(['apply', 'both.yaml']);
    const { code, stdout } = await bench.run(['status']);
    expect(code).toBe(1);
    expect(stdout).toBe(`web-1  degraded  local instance, generation 2, berth 0.1.0, agent up 2 h

ENGINE  STATE    VERSION  SOCKET
user    running  26.1.5   /run/user.sock

NAME  STATE    SINCE  IMAGE         DETAIL
web   failed          missing       no such image: missing; next try in 5.0 s
db    running  3 min  example/db:3

1 config key(s) left alone on this host: berth plan shows which and why
`);
  });

  test('without an agent says where it looked and how to start one', async () => {
    const none = join(bench.directory, 'none.sock');
    const { code, stdout, stderr } = await bench.run(['status'], { env: { BERTH_SOCKET: none } });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `error: the agent is not running: nothing answers at ${none} [AGENT_UNREACHABLE]\n  hint: start one with "berth up --local" (a harmless local instance), or name another socket with --socket\n`,
    );
  });

  test('--json without an agent is an error object', async () => {
    const { stdout } = await bench.run(['--json', 'status', '--socket', join(bench.directory, 'none.sock')]);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'AGENT_UNREACHABLE', retryable: true } });
  });
});

describe('validate needs no agent', () => {
  test.each([
    ['a good file', ['validate', 'web.yaml'], 0, 'web.yaml: valid\n'],
    ['one bad file of two', ['validate', 'web.yaml', 'broken.yaml'], 1, 'web.yaml: valid\nbroken.yaml:3:3: error:'],
    [
      'a file that is not there',
      ['validate', 'nope.yaml'],
      1,
      'nope.yaml: error: cannot read nope.yaml: there is no such file',
    ],
  ])('%s', async (_rule, args, code, text) => {
    const outcome = await bench.run(args, { env: { BERTH_SOCKET: '/nowhere' } });
    expect(outcome.code).toBe(code);
    expect(outcome.stdout.startsWith(text)).toBe(true);
  });

  test('--json prints one array for all files, empty when all is well', async () => {
    const good = await bench.run(['validate', '--json', 'web.yaml', '-'], { stdin: web });
    expect([good.code, good.stdout]).toEqual([0, '[]\n']);
    const bad = await bench.run(['validate', '--json', 'web.yaml', 'broken.yaml']);
    expect([bad.code, JSON.parse(bad.stdout)]).toMatchObject([
      1,
      [{ file: 'broken.yaml', line: 3, column: 3, severity: 'error' }],
    ]);
  });

  test('--strict rejects what is only warned of', async () => {
    await writeFile(join(bench.directory, 'warned.yaml'), `${head}    web: {image: "a:1", build: .}\n`);
    expect((await bench.run(['validate', 'warned.yaml'])).code).toBe(0);
    expect((await bench.run(['validate', '--strict', 'warned.yaml'])).code).toBe(1);
  });

  test('--dialect names the language; one that is none is a wrong usage', async () => {
    const text = 'version: 2\nethernets: {eth0: {mtu: a}}\n';
    await writeFile(join(bench.directory, 'eth.yaml'), text);
    await writeFile(join(bench.directory, 'packed.yaml'), Buffer.from([0x1f, 0x8b, 0xff]));
    const asNetwork = await bench.run(['validate', '--json', '--dialect', 'network-config', 'eth.yaml']);
    expect([asNetwork.code, JSON.parse(asNetwork.stdout)]).toMatchObject([1, [{ path: 'ethernets.eth0.mtu' }]]);
    const asUserData = await bench.run(['validate', '--json', '--dialect', 'cloud-init', '-'], { stdin: text });
    expect([asUserData.code, JSON.parse(asUserData.stdout)]).toMatchObject([1, [{ code: 'unknown-header' }]]);
    expect((await bench.run(['validate', '--dialect', 'pascal', 'eth.yaml'])).code).toBe(2);
    expect((await bench.run(['validate', 'packed.yaml'])).stdout).toContain('is not a text in UTF-8');
  });

  test('a Butane file may be in UTF-16, as Windows writes texts; others may not', async () => {
    const marked = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
    const butane = marked('variant: fcos\r\nversion: 1.5.0\r\n');
    const rows: readonly (readonly [name: string, bytes: Buffer, code: number])[] = [
      ['little.bu', butane, 0],
      ['big.bu', Buffer.from(butane).swap16(), 0],
      ['half.bu', butane.subarray(0, -1), 1],
      ['other.ign', marked('{"ignition": {"version": "3.4.0"}}'), 1],
      ['other.yaml', marked('#cloud-config\n{}\n'), 1],
    ];
    for (const [name, bytes, code] of rows) {
      await writeFile(join(bench.directory, name), bytes);
      expect({ name, code: (await bench.run(['validate', name])).code }).toEqual({ name, code });
    }
    const { stdout } = await bench.run(['convert', '--to', 'ignition', 'little.bu']);
    expect(stdout).toBe('{"ignition":{"version":"3.4.0"}}\n');
  });

  test('knows the names of the catalogue when it is at hand', async () => {
    await mkdir(join(bench.directory, 'system-containers', 'ntp'), { recursive: true });
    await writeFile(join(bench.directory, 'enable.yaml'), '#cloud-config\nberth: {enable: [ntpp]}\n');
    expect((await bench.run(['validate', 'enable.yaml'])).code).toBe(1);
  });
});

describe('service', () => {
  beforeEach(async () => {
    await bench.run(['apply', 'web.yaml']);
  });

  test('list shows what runs and what could, which status does not', async () => {
    const { stdout } = await bench.run(['service', 'list']);
    expect(stdout).toBe(`NAME  STATE      SINCE  IMAGE          PORTS                 DETAIL
db    running    3 min  example/db:3
web   running    3 min  example/web:1  0.0.0.0:80->8080/tcp
ntp   available         berth/ntp:1                          Keeps the clock right.
`);
    expect((await bench.run(['status'])).stdout).not.toContain('ntp');
    const listed = JSON.parse((await bench.run(['service', 'list', '--json'])).stdout) as { name: string }[];
    expect(listed.map(({ name }) => name)).toEqual(['db', 'web', 'ntp']);
  });

  test('graph shows what each one needs', async () => {
    const { stdout } = await bench.run(['service', 'graph']);
    expect(stdout).toBe(`NAME  STATE    ENGINE  FROM    NEEDS
db    running  user    config
web   running  user    config  db (healthy)
`);
  });

  test('graph --dot is a Graphviz digraph', async () => {
    const { stdout } = await bench.run(['service', 'graph', '--dot']);
    expect(stdout).toBe(`digraph services {
  rankdir=LR;
  node [shape=box];
  subgraph "cluster_user" {
    label="user engine";
    "db" [label="db\\nrunning"];
    "web" [label="web\\nrunning"];
  }
  "web" -> "db" [label="service_healthy"];
}
`);
  });

  test.each([
    ['stop', 'web: stopped, now stopped\n'],
    ['start', 'web: started, now running\n'],
    ['restart', 'web: restarted, now running\n'],
    ['enable', 'web: enabled, now running\n'],
    ['disable', 'web: disabled, now stopped\n'],
  ])('%s says what came of it and who asked', async (wish, text) => {
    expect((await bench.run(['service', wish, 'web'])).stdout).toBe(text);
    expect(bench.agent.operators.at(-1)).toEqual({ who: 'ops', command: `berth service ${wish} web` });
  });

  test('an unknown service is a refusal with a hint', async () => {
    const { code, stderr } = await bench.run(['service', 'stop', 'nope']);
    expect([code, stderr]).toEqual([
      1,
      'error: there is no service "nope" [SERVICE_UNKNOWN]\n  hint: berth service list\n',
    ]);
  });
});

describe('exec and debug', () => {
  beforeEach(async () => {
    await bench.run(['apply', 'web.yaml']);
  });

  test.each([
    ['output comes through', ['service', 'exec', 'web', 'echo', 'a', '-n'], 0, 'a -n\n', ''],
    ['"--" ends our own options', ['service', 'exec', 'web', '--', 'echo', '--json'], 0, '--json\n', ''],
    ['standard input comes through', ['service', 'exec', 'web', 'cat'], 0, 'typed', ''],
    ['the exit code is the command’s', ['service', 'exec', 'web', 'exit', '7'], 7, '', ''],
    [
      '--json collects the output',
      ['service', 'exec', '--json', 'web', 'echo', 'hi'],
      0,
      '{"exitCode":0,"stdout":"hi\\n","stderr":""}\n',
      '',
    ],
    [
      'a program that is not there is a failure',
      ['service', 'exec', 'web', 'nope'],
      1,
      '',
      'error: nope: no such program [ENGINE_REFUSED]\n',
    ],
    [
      'an unknown service is a failure',
      ['service', 'exec', 'nope', 'echo'],
      1,
      '',
      'error: there is no service "nope" [SERVICE_UNKNOWN]\n  hint: berth service list\n',
    ],
    [
      'our options may follow the name',
      ['debug', 'web', '--image', 'a:1', '--no-color', 'echo', '--json'],
      0,
      '--json\n',
      'tools from a:1\n',
    ],
    ['and the dashes end them there, too', ['service', 'exec', 'web', '--no-tty', '--', 'echo', '-t'], 0, '-t\n', ''],
    ['debug takes tools from an image', ['debug', '--image', 'a:1', 'web', 'echo', 'x'], 0, 'x\n', 'tools from a:1\n'],
  ])('%s', async (_rule, args, code, stdout, stderr) => {
    expect(await bench.run(args, { stdin: 'typed' })).toEqual({ code, stdout, stderr });
  });

  test('--tty asks for a terminal of the size of ours', async () => {
    const { stderr } = await bench.run(['service', 'exec', '-t', 'web', 'tty'], { columns: 91 });
    expect(stderr).toBe('a terminal 91x24\n');
  });
});

describe('logs', () => {
  beforeEach(async () => {
    await bench.run(['apply', 'web.yaml']);
  });

  test.each([
    ['both streams', ['logs', 'web'], 'listening\n', 'oops\n'],
    ['the last lines', ['logs', '-n', '1', 'web'], '', 'oops\n'],
    ['from a time before now', ['logs', '--since', '10m', 'web'], '', 'oops\n'],
    ['with times', ['logs', '-t', '-n', '1', 'web'], '', '2026-05-01T11:59:00Z oops\n'],
  ])('%s', async (_rule, args, stdout, stderr) => {
    expect(await bench.run(args)).toEqual({ code: 0, stdout, stderr });
  });

  test('-f goes on until it is interrupted', async () => {
    const { code, stdout } = await bench.run(['logs', '-f', 'web'], { signal: AbortSignal.timeout(300) });
    expect([code, stdout]).toEqual([0, 'listening\n']);
  });
});

describe('why, ledger and reconcile', () => {
  beforeEach(async () => {
    await bench.run(['apply', 'web.yaml']);
  });

  test('why tells the state, the place in the config and the chain of reasons', async () => {
    expect((await bench.run(['why', 'web'])).stdout).toBe(`web: running
declared at web.yaml:3

✓ create and start web (example/web:1)
  2026-05-01T11:59:00.000Z (60 s ago), generation 1
  because berth.services.web added
`);
  });

  test('why of something unknown lists what there is', async () => {
    const { code, stderr } = await bench.run(['why', 'wbe']);
    expect(code).toBe(1);
    expect(stderr).toContain('nothing is known of "wbe"');
    expect(stderr).toContain('ask for a service (db, web)');
  });

  test('the ledger is newest last, and can be narrowed', async () => {
    const { stdout } = await bench.run(['ledger']);
    expect(
      stdout
        .split('\n')
        .slice(1, 3)
        .map((line) => line.split('  ')[0]),
    ).toEqual(['1', '2']);
    expect((await bench.run(['ledger', '--subject', 'db', '--json'])).stdout).toContain('"sequence":1,');
    expect((await bench.run(['ledger', '--since', '30s'])).stdout).toBe('Nothing recorded.\n');
  });

  test('reconcile tells what one round took', async () => {
    expect((await bench.run(['reconcile'])).stdout).toBe('one round took 0.0 s: nothing to do\n');
  });

  test('generations N shows the text', async () => {
    expect((await bench.run(['generations', '1'])).stdout).toBe(web);
  });
});

describe('config', () => {
  test('get tells the value, and --explain who says so', async () => {
    await bench.run(['apply', 'web.yaml']);
    expect((await bench.run(['config', 'get', 'hostname'])).stdout).toBe('');
    expect((await bench.run(['config', 'get', '--explain', 'berth'])).stdout).toContain('from user-data web.yaml:');
    const missing = await bench.run(['config', 'get', 'hostname']);
    expect([missing.code, missing.stderr]).toEqual([1, "hostname is not declared: the image's own default holds\n"]);
  });

  test.each([
    ['timezone', 'Europe/Berlin', '"timezone":"Europe/Berlin"'],
    ['manage_etc_hosts', 'false', '"manage_etc_hosts":false'],
    ['ntp', '{servers: [a, 1.5]}', '"ntp":{"servers":["a",1.5]}'],
  ])('set %s to %s', async (key, value, text) => {
    expect((await bench.run(['config', 'set', key, value])).code).toBe(0);
    expect((await bench.run(['generations', '1'])).stdout).toContain(text);
    expect((await bench.run(['config', 'get', key, '--json'])).stdout).toContain('"layer":"user-data"');
  });

  test('a value that is not YAML is refused', async () => {
    const { code, stderr } = await bench.run(['config', 'set', 'timezone', '[']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('the value is not YAML')]);
  });
});

describe('os', () => {
  test('status shows what a release on trial lacks, and what is booted next', async () => {
    const { code, stdout } = await bench.run(['os', 'status']);
    expect(code).toBe(0);
    expect(stdout).toBe(`1.1  on trial  slot b on /dev/vda3

CHECK     STATE           LEVEL     DETAIL
engine    fails           required  no answer
services  does not count  wanted    web is starting
disk      holds           required  takes what is written

It has 3 min left to prove itself; then it stays, for its volumes go forward only.

ENTRY              VERSION  TRIES LEFT
berth_1.1+2-1.efi  1.1      2           running, boots next
berth_1.0.efi      1.0      blessed

1.0.5 was taken back: it was not healthy

Volumes as 1.0 left them, should it come back: user/berth_files
What 1.0.5 wrote to user/berth_files is in /var/lib/berth/volumes/taken-back
Forward only, so nothing goes back past this release by itself: user/berth_db
What this host keeps has schema 2; a copy of schema 1 is kept

update     staged 1.2
from       http://releases.example stable, strategy window
last look  0.0 s ago: 1.2 is offered
restart    waits for its window
soon
`);
  });

  const inAMinute = new Date(noon + 60_000).toISOString();

  test.each<[string, Partial<UpdateStatus>, boolean, string[]]>([
    ['while it is on trial', { state: 'idle', nextLook: inAMinute }, false, ['once this release has proved itself']],
    ['when it is time', { state: 'idle', nextLook: new Date(noon).toISOString() }, true, ['any moment now']],
    ['in between', { state: 'idle', nextLook: inAMinute }, true, ['in 60 s']],
    ['when it never looks', { state: 'idle', nextLook: null }, true, []],
    ['while it takes a release', { state: 'writing', nextLook: inAMinute }, true, []],
  ])('status says when the host looks next: %s', async (_, updating, isBlessed, expected) => {
    Object.assign(bench.agent, { updating, isBlessed });
    const { stdout } = await bench.run(['os', 'status']);
    const rows = stdout.split('\n').map((row) => row.split(/ {2,}/));
    expect(rows.filter(([name]) => name === 'next look').map(([, when]) => when)).toEqual(expected);
    // What the look before this one found is not what is done now.
    expect(rows.some(([name]) => name === 'last look')).toBe(updating.state !== 'writing');
  });

  test('history tells what happened, when and why', async () => {
    const { stdout } = await bench.run(['os', 'history']);
    expect(stdout.split('\n').map((row) => row.split(/ {2,}/))).toEqual([
      ['WHEN', 'VERSION', 'WHAT', 'WHY'],
      ['60 s ago', '1.1', 'booted'],
      ['60 min ago', '1.0.5', 'rejected', 'it was not healthy'],
      [''],
    ]);
  });

  test('bless refuses while a check fails, unless a person knows better', async () => {
    const refused = await bench.run(['os', 'bless']);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('engine: no answer')]);
    const blessed = await bench.run(['os', 'bless', '--manual']);
    expect([blessed.code, blessed.stdout]).toEqual([0, '1.1 is blessed\n']);
  });

  test('rollback is refused past volumes that go forward only', async () => {
    const { code, stderr } = await bench.run(['os', 'rollback']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('volumes go forward only: user/berth_db')]);
    expect(bench.agent.rollbackReason).toBeUndefined();
  });

  test('rollback gives the reason on', async () => {
    const { code, stdout } = await bench.run(['os', 'rollback', '--force', '--reason', 'loses its route']);
    expect([code, stdout]).toEqual([0, '1.1 is taken away; the host restarts into the other release\n']);
    expect(bench.agent.rollbackReason).toBe('loses its route');
  });

  test('--json gives what the agent says', async () => {
    const { stdout } = await bench.run(['os', 'status', '--json']);
    const { agent } = bench;
    expect(JSON.parse(stdout)).toEqual({ ...(await agent.osStatus()), update: await agent.updateStatus() });
  });

  test.each([
    { line: ['os', 'check'], exit: 0 },
    { line: ['os', 'check', '--detailed-exitcode'], exit: 3 },
    { line: ['os', 'update', '--plan'], exit: 0 },
  ])('$line says what an update would do, and does not do it', async ({ line, exit }) => {
    const { code, stdout } = await bench.run(line);
    expect(code).toBe(exit);
    expect(stdout.split('\n').map((row) => row.trim().split(/ {2,}/))).toEqual([
      ['1.2 is offered.'],
      [''],
      ['STEP', 'COST', 'WHY'],
      ['make sure that the boot loader has nothing of the other slot', 'live', 'ops ran "berth os check"'],
      ['write 1.2 to the other slot: at most 3.1 MB to fetch', 'live', 'ops ran "berth os check"'],
      ['put its kernel beside the running one: at most 17.0 MB to fetch', 'live', 'ops ran "berth os check"'],
      ['let the boot loader take 1.2 next', 'live', 'ops ran "berth os check"'],
      ['restart into 1.2', 'reboot', 'ops ran "berth os check"'],
      [''],
      ['soon'],
      [''],
    ]);
    expect(bench.agent.operators).toEqual([]);
  });

  test('a plan of staging only has no restart in it', async () => {
    const plan = await bench.run(['os', 'update', '--plan', '--stage-only']);
    expect([plan.code, plan.stdout]).toEqual([0, expect.stringContaining('let the boot loader take 1.2 next')]);
    expect(plan.stdout).not.toContain('restart');
    const { stdout } = await bench.run(['os', 'update', '--plan', '--stage-only', '--json']);
    const { steps } = JSON.parse(stdout) as { steps: { kind: string }[] };
    expect(steps.map(({ kind }) => kind)).toEqual(['clear-slot', 'write-slot', 'place-kernel', 'activate-release']);
  });

  test('a version that the repository does not have is refused, with those that it has', async () => {
    const { code, stderr } = await bench.run(['os', 'update', '--to', '9', '--plan']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('it has 1.2')]);
  });

  test('update tells its parts and how it ended', async () => {
    const { code, stdout } = await bench.run(['os', 'update', '--stage-only']);
    expect(code).toBe(0);
    expect(stdout).toBe(`start   look for a release
done    look for a release (0.0 s)
start   write the slot: 1.2
done    write the slot: 1.2 (0.0 s)
1.2 is staged: the next restart boots it. 3.1 MB were fetched for its slot.
Service images that came along are on the host: web:1.
`);
  });

  test('update --json gives a line for each event', async () => {
    const { stdout } = await bench.run(['os', 'update', '--json']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; outcome?: string });
    expect(lines.map(({ kind }) => kind)).toEqual(['state', 'state', 'progress', 'done']);
    expect(lines.at(-1)?.outcome).toBe('restarting');
  });

  test('cancel says whether there was anything to cancel', async () => {
    const cancel = async () => bench.run(['os', 'cancel']);
    const [first, second, third] = [await cancel(), await cancel(), await cancel()];
    expect([first.code, second.code, third.code]).toEqual([0, 0, 1]);
    expect(second.stdout).toBe('The permit goes back: other hosts may restart into the release that failed here.\n');
    expect(third.stdout).toBe('There is no update to cancel.\n');
  });

  test('cancel says that the next look may bring it again', async () => {
    bench.agent.updating = { nextLook: inAMinute };
    expect((await bench.run(['os', 'cancel'], { program: './berth' })).stdout).toBe(
      'The update is cancelled; the running release boots next.\n' +
        'The next look, in 60 s, may bring it again: "./berth os pin" keeps this host from taking it.\n',
    );
  });

  test('a host is pinned to a version, and until a time, and unpinned', async () => {
    expect((await bench.run(['os', 'pin'])).code).toBe(2);
    const pinned = await bench.run(['os', 'pin', '1.2', '--until', '2026-12-27T06:00:00Z']);
    expect(pinned.stdout).toBe(
      'This host takes 1.2, nothing before 2026-12-27T06:00:00.000Z.\n' +
        '1.2 is staged already: the next restart boots it. "berth os cancel" drops it.\n',
    );
    expect((await bench.run(['os', 'unpin'])).stdout).toBe('This host takes whatever its channel offers.\n');
  });

  test('a workload postpones restarts, and lets them be again', async () => {
    const held = await bench.run(['os', 'inhibit', 'backup', '--for', '2h', '--reason', 'copies']);
    expect(held.stdout.split('\n').map((row) => row.split(/ {2,}/))).toEqual([
      ['WHO', 'UNTIL', 'WHY'],
      ['backup', '2026-05-01T14:00:00.000Z', 'copies'],
      [''],
    ]);
    expect((await bench.run(['os', 'status'])).stdout).toContain('by backup until');
    expect((await bench.run(['os', 'allow-restart', 'backup'])).stdout).toBe('Nobody postpones restarts.\n');
  });

  test('verify names what differs', async () => {
    expect((await bench.run(['os', 'verify'])).stdout).toBe('1.1 on /dev/vda3 is whole: 4096 blocks are as released\n');
    const atTerminal = await bench.run(['os', 'verify'], { columns: 100 });
    expect(atTerminal.stdout).toContain('reading the slot');
    expect((await bench.run(['os', 'verify', '--json'], { columns: 100 })).stdout).not.toContain('reading');
    bench.agent.damage = [{ block: 7, blocks: 2 }];
    const { code, stdout } = await bench.run(['os', 'verify']);
    expect([code, stdout.split('\n').map((row) => row.split(/ {2,}/))]).toEqual([
      1,
      [['1.1 on /dev/vda3 is damaged:'], [''], ['BLOCK', 'BLOCKS', 'WHAT'], ['7', '2', 'differs'], ['']],
    ]);
  });
});

describe('the command line', () => {
  test.each([
    [['stats'], "unknown command 'stats'"],
    [['status', '--colour'], "unknown option '--colour'"],
    [['logs'], "missing required argument 'service'"],
    [['logs', '-n', 'many', 'web'], 'It must be a whole number.'],
    [['apply', '--timeout', 'long', 'web.yaml'], 'It must be a length of time like 90s, 5m or 2h.'],
    [['service', 'exec', 'web'], "missing required argument 'command'"],
    [['generations', 'first'], '"first" is not the number of a generation'],
  ])('%j is wrong usage: exit code 2', async (args, text) => {
    const { code, stderr } = await bench.run(args);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });

  test('every command has help with an example', async () => {
    const { code, stdout } = await bench.run(['--help']);
    expect(code).toBe(0);
    const names = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? '');
    expect(names).toEqual(
      expect.arrayContaining([
        'up',
        'down',
        'validate',
        'plan',
        'apply',
        'status',
        'why',
        'logs',
        'service',
        'debug',
        'ledger',
        'generations',
        'agent',
      ]),
    );
    for (const name of names.filter((one) => !['config', 'service', 'os', 'image', 'release', 'vm'].includes(one))) {
      const help = await bench.run([name, '--help']);
      expect([name, help.code, help.stdout]).toEqual([
        name,
        0,
        expect.stringContaining(`\nExamples:\n  berth ${name}`.replace('apply', 'apply')),
      ]);
    }
  });

  test('agent hands its options to the daemon', async () => {
    await bench.run(['agent', '--local', '--state', 's', '--engine', 'unix:///e.sock'], { env: { BERTH_SOCKET: '' } });
    expect(bench.agentOptions).toEqual([
      {
        local: true,
        stateDirectory: join(bench.directory, 's'),
        runDirectory: join(bench.directory, 's', 'run'),
        socket: join(bench.directory, 's', 'run', 'api', 'berth.sock'),
        catalogueDirectory: join(bench.directory, 'system-containers'),
        imageIndex: join(bench.directory, 's', 'images.json'),
        engine: 'unix:///e.sock',
      },
    ]);
  });

  test('no stack trace unless BERTH_DEBUG=1', async () => {
    expect((await bench.run(['service', 'stop', 'nope'])).stderr).not.toContain('    at ');
    expect((await bench.run(['service', 'stop', 'nope'], { env: { BERTH_DEBUG: '1' } })).stderr).toContain('    at ');
  });
});

/** What stands on the screen after the cursor movements. */
function renderScreen(text: string): string {
  const escape = '\u001b';
  let lines: string[] = [];
  for (const [index, part] of text.split(escape).entries()) {
    const move = index === 0 ? null : /^\[(\d+)A$/.exec(part);
    if (move !== null) lines = lines.slice(0, lines.length - 1 - Number(move[1])).concat('');
    const shown = index === 0 ? part : part.replace(/^\[(\d+A|J)/, '');
    const [first = '', ...rest] = shown.split('\n');
    lines.push((lines.pop() ?? '') + first, ...rest);
  }
  return lines.join('\n');
}
