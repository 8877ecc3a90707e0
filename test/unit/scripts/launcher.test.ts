import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { launcher } from '../../../scripts/launcher.ts';

/** What it says, and which modules it takes, under a Node of that version. */
function launched(node: string): { said: string; taken: string[] } {
  const [end, said, taken]: [Error, string[], string[]] = [new Error('exit'), [], []];
  const exit = (code: number): never => {
    said.push(`exit ${code}`);
    throw end;
  };
  const process = {
    env: { HOME: '/root' },
    exit,
    stderr: { write: (text: string) => said.push(text) },
    versions: { node },
  };
  const modules = { enableCompileCache: () => undefined, join: (...parts: string[]) => parts.join('/') };
  const require = (name: string): typeof modules => {
    taken.push(name);
    return modules;
  };
  try {
    runInNewContext(launcher, { process, require });
  } catch (error) {
    if (error !== end) throw error;
  }
  return { said: said.join(''), taken };
}

test.each([
  { node: '20.20.2', said: 'error: berth needs Node 24 or newer, this is 20.20.2\nexit 1', taken: [] },
  { node: '24.0.0', said: '', taken: ['node:module', 'node:path', './main.js'] },
  { node: '26.1.0', said: '', taken: ['node:module', 'node:path', './main.js'] },
])('Node $node', ({ node, said, taken }) => {
  expect(launched(node)).toEqual({ said, taken });
});
