import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseConfig } from '../../../../src/config/parse.ts';
import { expandUserData } from '../../../../src/config/user-data/expand.ts';

const message = `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: multipart/mixed; boundary=c

--c
Content-Transfer-Encoding: quoted-printable
Content-Type: text/cloud-config; charset=utf-8

#cloud-config=0A
--c--
--b
Content-Disposition: attachment; filename*=utf-8''a%20b
Merge-Type: list(append)+dict(recurse_array)+str(append)

#cloud-config
merge_how: [{name: list, settings: [append]}]
runcmd: [a, [b, c]]
berth: {services: {}}
--b
Content-Type: application/gzip
Content-Transfer-Encoding: base64

H4sIAAAAAAAAA1NOzskvTdFNzs9Ly0znysgvLslLzE21UkjkAgBR3LOOGgAAAA==
--b--
`;
const archive = `#cloud-config-archive
- "#cloud-config\\nusers: [default]"
- {type: text/cloud-config-jsonp, content: "#cloud-config-jsonp\\n[{\\"op\\": \\"add\\", \\"path\\": \\"/a\\", \\"value\\": 1}]"}
- {content: !!binary "H4sIAAAAAAAAA1NOzskvTdFNzs9Ly0znysgvLslLzE21UkjkAgBR3LOOGgAAAA=="}
- {filename: "x/../y", content: "#!/bin/sh"}
`;

/** Texts with pieces cut out, doubled and put in elsewhere. */
const mutated = fc
  .tuple(
    fc.constantFrom(message, archive),
    fc.array(fc.tuple(fc.nat(), fc.nat(60), fc.nat(), fc.constantFrom('cut', 'double', 'move', 'noise'), fc.string()), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([text, changes]) =>
    changes.reduce<string>((current, [at, length, to, kind, noise]) => {
      const start = at % (current.length + 1);
      const piece = current.slice(start, start + length);
      const rest = current.slice(0, start) + current.slice(start + length);
      const place = to % (rest.length + 1);
      if (kind === 'cut') return rest;
      if (kind === 'double') return current.slice(0, start) + piece + current.slice(start);
      if (kind === 'noise') return current.slice(0, start) + noise + current.slice(start);
      return rest.slice(0, place) + piece + rest.slice(place);
    }, text),
  );

test('nothing in a text throws, and each diagnostic has its place', () => {
  let parts = 0;
  fc.assert(
    fc.property(mutated, (text) => {
      parts += expandUserData('u', Buffer.from(text)).parts.length;
      const { diagnostics } = parseConfig([{ file: 'u', text }]);
      for (const { file, line, column } of diagnostics) {
        expect(file === 'u' || file.startsWith('u#')).toBe(true);
        expect(line > 0 && column > 0).toBe(true);
      }
    }),
    { numRuns: 300, seed: 11 },
  );
  // Most of the texts still come apart.
  expect(parts).toBeGreaterThan(300);
});

test('many boundaries, headers and merges take no time', () => {
  const started = performance.now();
  const boundaries = `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n${'--b\n\n#cloud-config\na: 1\n'.repeat(20_000)}`;
  expandUserData('u', Buffer.from(boundaries));
  expandUserData('u', Buffer.from(`MIME-Version: 1.0\n${'X: y\n z\n'.repeat(50_000)}\n`));
  expandUserData('u', Buffer.from(`MIME-Version: 1.0\nContent-Type: a/b; ${'x="y";'.repeat(20_000)}\n\n`));
  const text = `#cloud-config-archive\n${JSON.stringify(Array(900).fill('#cloud-config\nmerge_how: list(append)+dict(recurse_list)\nruncmd: [a]\n'))}`;
  expect(parseConfig([{ file: 'u', text }]).config.commands?.late).toHaveLength(900);
  expect(performance.now() - started).toBeLessThan(5000);
});
