import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { openImageLoads } from '../../../src/agent/image-load-file.ts';
import { DockerEngine } from '../../../src/engine/docker.ts';
import { runCommand } from '../../../src/engine/run-command.ts';
import { plainContainer } from '../../contract/plain-container.ts';
import { type PrivateEngine, privateEngine } from '../support/private-engine.ts';
import { engineVersions } from '../support/shared-engines.ts';
import { archiveOf, buildImage } from '../support/test-image.ts';

const names = ['berth-test/torn-a:1', 'berth-test/torn-b:1'] as const;

describe.each(engineVersions)('images of Docker %s after a power cut', (version) => {
  let rig: PrivateEngine;

  afterEach(async () => {
    rig.engine.close();
    await rig.stop();
  });

  /** Runs a shell command where the engine sees its files. */
  async function inside(command: string): Promise<void> {
    const [program = '', ...prefix] = rig.command;
    await runCommand(program, [...prefix, 'sh', '-ec', command]);
  }

  const tears = [
    ['whose files are empty', 'true'],
    ['of which only the layers are left', 'rm -r image/overlay2/imagedb image/overlay2/repositories.json'],
  ] as const;
  test.each(tears)('two images of one layer %s are loaded anew', async (_, alsoLost) => {
    rig = await privateEngine({ version, name: 'torn', role: 'system' });
    const archives = await Promise.all(names.map(async (name) => archiveOf(await buildImage({ name }), name)));
    for (const archive of archives) await rig.engine.loadImage(archive);
    await rig.kill9();
    const dataDirectory = join(rig.stateDir, 'data');
    // What the medium has after a cut between the engine's own records and the pages of the files.
    await inside(`cd ${dataDirectory}; find overlay2/*/diff -type f -exec truncate -s 0 {} +; ${alsoLost}`);
    await rig.restart();

    const path = join(rig.stateDir, 'image-loads.json');
    const loads = names.map((reference) => ({ reference, bootId: 'the-boot-before' }));
    await writeFile(path, JSON.stringify({ version: 1, loads }));
    const engine = DockerEngine.connect(rig.socket, await openImageLoads({ path, dataDirectory: rig.stateDir }));
    for (const name of names) expect(await engine.inspectImage(name)).toBeUndefined();
    expect((await engine.listImages()).flatMap(({ references }) => references)).toEqual([]);

    await Promise.all(archives.map((archive) => engine.loadImage(archive)));
    for (const name of names) {
      expect(await engine.inspectImage(name)).toBeDefined();
      const id = await engine.createContainer(name.replaceAll(/\W/g, '-'), plainContainer(name));
      await engine.startContainer(id);
      const command = ['grep', '-qx', 'hello', '/www/index.html'];
      expect(await engine.exec(id, { command, tty: false, stdin: false }, { onOutput: () => undefined })).toBe(0);
    }
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ version: 1, loads: [] });
    engine.close();
  });
});
