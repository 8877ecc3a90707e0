import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { releaseBench } from '../../unit/cli/release-bench.ts';

const bench = releaseBench();
const { release, makeRelease, makeRepository } = bench;
const words = 'bundle www 1.0.0 --channel edge --config host.yaml --out c.tar --key keys';

beforeEach(async () => {
  await makeRepository();
  await makeRelease('1.0.0', 1);
  await release('publish www r-1.0.0 --channel edge --key keys');
});

test.each([
  ['a block that is misspelt', 'bert: {services: {web: {image: shop/web:1}}}', 'host.yaml:2:1: error: '],
  ['an image that is misspelt', 'berth: {services: {web: {imag: shop/web:1}}}', 'host.yaml:2:26: error: '],
  ['another key that is wrong', 'berth: {services: {}, update: {chanel: edge}}', 'host.yaml:2:32: error: '],
])('a config with %s makes no bundle', async (_, line, where) => {
  await writeFile(join(bench.directory, 'host.yaml'), `#cloud-config\n${line}\n`);
  const { code, stdout } = await release(words);
  expect([code, stdout]).toEqual([1, expect.stringContaining(where)]);
  expect(stdout).toMatch(/\n1 error.*\n$/);
  const json = await release(`${words} --json`);
  expect([json.code, JSON.parse(json.stdout)]).toEqual([
    1,
    expect.arrayContaining([expect.objectContaining({ severity: 'error', line: 2 })]),
  ]);
  expect((await release('show c.tar')).code).toBe(1);
});

test('what a config only warns of makes a bundle', async () => {
  const text =
    '#cloud-config\nntp: {enabled: false, pools: [a.example.org]}\nberth: {services: {tools: {image: berth/busybox}}}\n';
  await writeFile(join(bench.directory, 'host.yaml'), text);
  expect(await bench.run(['validate', 'host.yaml'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('warning'),
  });
  expect(await release(words)).toMatchObject({ code: 0, stdout: expect.stringContaining('c.tar: 10 files') });
});
