/** Runs a program to its end and gives what it wrote; rejects when it fails. */
export type RunTool = (command: string, args: readonly string[], signal: AbortSignal) => Promise<string>;
