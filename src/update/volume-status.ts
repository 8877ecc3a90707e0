/** What is kept of volumes for a release to go back to, and what keeps this host from going back. */
export interface VolumeStatus {
  /** As they were when the release before ran last; put back if the running one is taken back. Null: nothing is kept. */
  readonly snapshot: VolumeSet | null;
  /** What a release had written that was taken back, until another one boots. Null: there is none. */
  readonly takenBack: (VolumeSet & { readonly directory: string }) | null;
  /** Volumes that go forward only, with which services ran under the running release: `user/berth_db`. */
  readonly forwardOnly: readonly string[];
}

export interface VolumeSet {
  /** The release whose data it is. */
  readonly version: string;
  /** `user/berth_db`. */
  readonly volumes: readonly string[];
}
