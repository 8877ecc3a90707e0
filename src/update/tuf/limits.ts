/** Bytes of metadata whose length no other file names. */
export const maxRootBytes = 512_000;
export const maxTimestampBytes = 16_384;
export const maxSnapshotBytes = 2_000_000;
export const maxTargetsBytes = 5_000_000;
/** Roots that are gone through in one refresh. */
export const maxRootRotations = 256;
/** Roles that are looked into for one target. */
export const maxDelegations = 32;
/** Members of a list in metadata: keys, roles, targets, signatures. The models take a second for a thousand, a minute for eight. */
export const maxMembers = 1024;
