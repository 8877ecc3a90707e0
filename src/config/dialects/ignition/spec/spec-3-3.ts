import { spec32 } from './spec-3-2.ts';
import { extendSpec, struct, texts } from './spec-table.ts';

/** Ignition 3.3.0: kernel arguments (and the file system format `none`). */
export const spec33 = extendSpec(spec32, {
  config: { kernelArguments: struct('kernelArguments') },
  kernelArguments: { shouldExist: texts, shouldNotExist: texts },
});
