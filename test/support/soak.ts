/** True in `npm run test:soak`, which runs every repetition; `npm test` runs a sample. */
export const isSoak = process.env['BERTH_SOAK'] === '1';
