/** Runs a program to its end and gives what it wrote; rejects with the end of its stderr when it fails. */
export type RunProgram = (
  command: string,
  args: readonly string[],
  options: { readonly signal: AbortSignal },
) => Promise<string>;
