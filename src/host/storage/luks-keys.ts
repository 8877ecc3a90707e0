/** On the state partition, so that the host opens its devices by itself. */
const directory = '/var/lib/berth/luks';

/** Where the key that opens an encrypted device is kept. Pure. */
export const keptPath = (name: string): string => `${directory}/${name}.key`;

/** Where a key is until it has opened its device. Pure. */
export const candidatePath = (name: string): string => `${directory}/${name}.candidate`;

/** Where the key is that another one took the place of: its device may be somewhere yet. Pure. */
export const formerPath = (name: string): string => `${directory}/${name}.former`;
