import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { releaseBench } from '../../unit/cli/release-bench.ts';
import { tarOf } from '../../unit/update/bundle/tar.ts';

const bench = releaseBench();
const { release, makeRelease, makeRepository } = bench;

describe('the list of service images of a channel that two sign for', () => {
  const words = 'bundle www 1.0.0 --channel edge --images web.tar --out berth.tar';

  beforeEach(async () => {
    await makeRepository();
    await release('keygen others --channels edge');
    await release('rekey www edge --add others/edge.pub --threshold 2 --key keys --key others');
    await makeRelease('1.0.0', 1);
    await release('publish www r-1.0.0 --channel edge --key keys --key others');
    const content = Buffer.from(JSON.stringify([{ RepoTags: ['docker.io/shop/web:1'] }]));
    await writeFile(join(bench.directory, 'web.tar'), tarOf({ path: 'manifest.json', content }));
  });

  test('is signed by one here, and by the other where there is no repository', async () => {
    const alone = await release(`${words} --key keys`);
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('--request FILE')]);
    expect(await release(`${words} --key keys --request list.json`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /2 signatures of the channel edge, it has 1[^]*release sign --request .*list\.json/,
      ),
    });
    expect(await bench.run(['release', 'show', 'berth.tar'])).toMatchObject({ code: 1 });
    expect(await release('sign www --import list.json')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('release bundle'),
    });
    expect(await release('sign --request list.json --key keys/stable.key')).toMatchObject({ code: 2 });
    expect(await release('sign --request list.json --key others/edge.key')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/images\.json[^]*list\.json: bring it back for the same "berth release bundle/),
    });
    // Nobody has to sign again.
    expect(await release(`${words} --request list.json`)).toMatchObject({ code: 0 });
    expect((await release('show berth.tar')).stdout).toContain('edge: with the service images docker.io/shop/web:1\n');
  });

  test('is refused with the signatures of another one, which stay', async () => {
    await release(`${words} --key keys --request list.json`);
    const before = await readFile(join(bench.directory, 'list.json'), 'utf8');
    await release('refresh www --key keys');
    expect(await release(`${words} --key keys --request list.json`)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/list\.json is about another list[^]*\[USAGE\]/),
    });
    expect(await readFile(join(bench.directory, 'list.json'), 'utf8')).toBe(before);
  });
});
