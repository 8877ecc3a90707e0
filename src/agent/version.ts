import manifest from '../../package.json' with { type: 'json' };

/** Berth's own version. */
export const berthVersion: string = manifest.version;
