/** The form in which this program leaves what it keeps on the state partition. It rises when an older release could not read it. */
export const stateSchema = 1;
