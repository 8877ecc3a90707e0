import type { Diagnostic } from '../../core/diagnostic.ts';
import type { ScriptConfig, ScriptTime } from '../commands-config.ts';
import type { LayerName } from './layer-names.ts';
import { partProblem, textOfPart, type UserDataPart } from './part.ts';
import { partTypes } from './part-types.ts';

const times = new Map<string, ScriptTime>([
  [partTypes.script, 'user'],
  [partTypes.scriptPerBoot, 'boot'],
  [partTypes.scriptPerInstance, 'instance'],
  [partTypes.scriptPerOnce, 'once'],
  [partTypes.bootHook, 'hook'],
]);

/** A part that is a script, as what the host runs; undefined for one that is none. Pure. */
export function readScript(
  part: UserDataPart,
  layer: LayerName,
  report: (diagnostic: Diagnostic) => void,
): ScriptConfig | undefined {
  const time = times.get(part.type);
  if (time === undefined) return undefined;
  const content = time === 'hook' ? hookOf(part) : withoutCarriageReturns(part);
  if (content[0] !== 0x23 || content[1] !== 0x21) {
    const isProgram = content[0] === 0x7f && content[1] === 0x45;
    if (!isProgram)
      report(
        partProblem(
          part.file,
          'warning',
          'no-interpreter',
          'the script names no interpreter, so it cannot be started',
          'begin it with #!/bin/sh',
        ),
      );
  }
  return {
    name: fileName(part.name),
    time: time === 'user' && layer === 'vendor-data' ? 'vendor' : time,
    contentBase64: Buffer.from(content).toString('base64'),
  };
}

/** As cloud-init keeps it: the last part of a path, with letters, digits, `-`, `_`, `.` and blanks only. */
function fileName(name: string): string {
  return (name.split('/').at(-1) ?? name).replace(/[^\w .-]/g, '');
}

/** The first line says what it is; what follows is the program. */
function hookOf(part: UserDataPart): Uint8Array {
  const text = textOfPart({ bytes: withoutCarriageReturns(part) })
    .trimStart()
    .replace(/^#cloud-boothook/i, '')
    .trimStart();
  return new TextEncoder().encode(text);
}

/** A text with Windows' line ends gets Unix' ones; what is no text stays. */
function withoutCarriageReturns({ bytes }: UserDataPart): Uint8Array {
  if (!bytes.includes(0x0d) || bytes.includes(0)) return bytes;
  return new TextEncoder().encode(textOfPart({ bytes }).replaceAll('\r\n', '\n'));
}
