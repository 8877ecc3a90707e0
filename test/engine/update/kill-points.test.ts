import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { UpdateKills } from '../../support/kills/update-kills.ts';

/** A sample; `test/soak/update-kills.test.ts` has a hundred of an update of real size. */
const count = 8;
const bytes = 24 * 2 ** 20;
/** Another one each day. */
const seed = Number(new Date().toISOString().slice(0, 10).replaceAll('-', ''));

let kills: UpdateKills;

beforeAll(async () => {
  kills = await UpdateKills.make(bytes, seed);
});

afterAll(async () => kills.remove());

test.each(
  Array.from({ length: count }, (_, index) => index),
)(`an update that is killed (${seed}, %i) leaves one whole release to boot, and is completed`, async (index) => {
  expect(await kills.kill(index)).toMatchObject({ wrong: [] });
});
