import fc from 'fast-check';
import { isSoak } from './soak.ts';

/**
 * How properties are tried, before every test file. The same cases in each `npm test`, so that only a change makes it fail; soak runs
 * look for new ones, thirty times as many. fast-check says the seed of what it finds.
 */
fc.configureGlobal(isSoak ? { numRuns: 3000 } : { seed: 20_261_130 });
