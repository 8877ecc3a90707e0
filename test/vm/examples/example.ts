import type { AgentClient } from '../../../src/cli/client.ts';
import type { TestVm, VmChange } from '../support/test-vm.ts';

/** A file of cloud-config/, and what its host is looked at for. */
export interface Example {
  readonly file: string;
  /** What the file promises, for the test's title. */
  readonly promise: string;
  /**
   * Makes what the host needs around it.
   * @param text the file's own.
   * @param directory for files; it is removed afterwards.
   */
  readonly stage: (text: string, directory: string) => Promise<Stage>;
}

/** An example with all that surrounds its host. */
export interface Stage {
  /** The machine; its `userData` is the file, with addresses of the test's in the place of the example's. */
  readonly vm: VmChange & { readonly userData: string };
  /** Looks at the host, which is healthy, and rejects when something is not as promised. */
  readonly check: (vm: TestVm) => Promise<void>;
  /** Ends what `stage` started. */
  readonly end?: () => Promise<void>;
}

/** A stage for a file that is booted as it is. */
export function asItIs(check: Stage['check'], vm: VmChange = {}): Example['stage'] {
  return async (text) => ({ vm: { ...vm, userData: text }, check });
}

/** The text with another one in the place of each of these. Throws when one is not in it. */
export function replaced(text: string, replacements: readonly (readonly [from: string, to: string])[]): string {
  return replacements.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`the example does not say ${from}`);
    return result.replaceAll(from, to);
  }, text);
}

/** What a command in a service says, stdout and stderr together, and how it ends. */
export async function inService(
  client: AgentClient,
  service: string,
  command: readonly string[],
): Promise<{ readonly exitCode: number; readonly output: string }> {
  let output = '';
  const onOutput = (_stream: string, chunk: Buffer): void => void (output += chunk.toString());
  const exitCode = await client.exec(service, { command, tty: false, stdin: false }, { onOutput });
  return { exitCode, output: output.trim() };
}

/** What a service wrote. */
export async function logOf(client: AgentClient, service: string): Promise<string> {
  const lines: string[] = [];
  await client.logs(service, { follow: false }, ({ text }) => void lines.push(text));
  return lines.join('\n');
}
