/** Where a config text comes from. */
export type LayerName = 'meta-data' | 'vendor-data' | 'user-data' | 'local';

/**
 * Lowest first: what the platform knows of the machine, what the provider wants on every machine, what the user wrote, and
 * what was set on the machine itself. Below all of them is what the image does when nothing is declared.
 */
export const layerNames = ['meta-data', 'vendor-data', 'user-data', 'local'] as const satisfies readonly LayerName[];
