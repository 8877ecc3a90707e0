/** What every host looks at before it blesses a release; names of declared checks are others. */
export const ownCheckNames = [
  'config',
  'critical-services',
  'services',
  'engine',
  'api',
  'disk',
  'clock',
  'network',
  'guard',
] as const;

export type OwnCheckName = (typeof ownCheckNames)[number];
