import { expect } from '@jest/globals';
import { asItIs, type Example } from './example.ts';

/** minimal.yaml. */
export const minimal: Example = {
  file: 'minimal.yaml',
  promise: 'a web page on a port of the host, from an image that comes with it',
  stage: asItIs(
    async (vm) => {
      const page = await fetch(`http://127.0.0.1:${vm.portTo(8080)}/`);
      expect(await page.text()).toBe('Hello from Berth\n');
    },
    { guestPorts: [8080] },
  ),
};
