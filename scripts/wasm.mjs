// What asc leaves to make smaller in a binary; no arithmetic changes, so the bits stay.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const { resolve } = createRequire(import.meta.resolve('assemblyscript/binaryen'));
/** An instance of its own, because settings are an instance's: the compiler's change what comes out here, and the other way round. */
const { default: binaryen } = await import(`${pathToFileURL(resolve('binaryen'))}?apart`);

/**
 * What JavaScript calls: run and join of the kernels; the pictures' binary and the benchmarks' have few exports and need
 * them all.
 */
const ENTRIES = new Set(['run', 'join', 'staticEnd', 'version', 'more', 'training', 'quantized', 'xxh32']);

/** The features that asconfig.json enables for a variant. */
function featuresOf(variant) {
  const all = binaryen.Features;
  const basic = all.SIMD128 | all.BulkMemory | all.BulkMemoryOpt | all.NontrappingFPToInt | all.SignExt | all.MutableGlobals;
  return basic | (/relaxed|dots/.test(variant) ? all.RelaxedSIMD : 0) | (variant.includes('threads') ? all.Atomics : 0);
}

/**
 * Optimises once more, which above all numbers locals by their use, and then takes the inner kernels out of the exports:
 * they were there to be kept from inlining (assembly/index.ts), and their names take 300 bytes of gzip. Nothing more is
 * inlined, because an engine would run the packing of weights, which is called once, in unoptimised code: that cost 8 ms a
 * load.
 * @returns the binary, and for the tests of single kernels the same with all exports
 */
export function shrinkBinary(bytes, variant) {
  const module = binaryen.readBinaryWithFeatures(bytes, featuresOf(variant));
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(1);
  binaryen.setAlwaysInlineMaxSize(0);
  binaryen.setFlexibleInlineMaxSize(0);
  binaryen.setOneCallerInlineMaxSize(0);
  module.optimize();
  const names = Array.from({ length: module.getNumExports() }, (_, i) => binaryen.getExportInfo(module.getExportByIndex(i)).name);
  const whole = module.emitBinary();
  if (names.includes('join'))
    for (const name of names) if (!ENTRIES.has(name) && !(name === 'dots' && variant.startsWith('dots'))) module.removeExport(name);
  // What only they led to: kernels of the core that the binary for training leaves out.
  module.runPasses(['remove-unused-module-elements']);
  const shrunk = module.emitBinary();
  module.dispose();
  return { shrunk, whole };
}
