/** Who asked for it, and with what words; goes into the ledger as an `operator` reason. */
export interface Operator {
  readonly who: string;
  readonly command: string;
}
