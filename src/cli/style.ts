import pc from 'picocolors';
import type { Output } from './output.ts';

/** Wraps a text in a colour, or leaves it as it is. */
export type Paint = (text: string) => string;

/** Colours and signs; plain text where nobody looks on. */
export interface Style {
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly good: Paint;
  readonly bad: Paint;
  readonly warn: Paint;
  readonly busy: Paint;
  readonly dim: Paint;
  readonly bold: Paint;
}

/** Colours on a terminal, unless NO_COLOR (no-color.org), TERM=dumb or `--no-color` say otherwise; FORCE_COLOR asks for them. */
export function createStyle(output: Output, env: Readonly<Record<string, string | undefined>>, wanted: boolean): Style {
  const isTerminal = output.isTTY === true && env['TERM'] !== 'dumb';
  const isForced = (env['FORCE_COLOR'] ?? '0') !== '0';
  const isRefused = !wanted || (env['NO_COLOR'] ?? '') !== '';
  const colours = pc.createColors(!isRefused && (isTerminal || isForced));
  return {
    isTerminal,
    // A serial console says 0: nobody told it.
    columns: output.columns === undefined || output.columns === 0 ? 100 : output.columns,
    good: colours.green,
    bad: colours.red,
    warn: colours.yellow,
    busy: colours.cyan,
    dim: colours.dim,
    bold: colours.bold,
  };
}
