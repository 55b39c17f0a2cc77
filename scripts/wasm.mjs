// What asc leaves to make smaller in a binary; no arithmetic changes, so the bits stay.

import binaryen from 'assemblyscript/binaryen';

/** What JavaScript calls: run and join of the kernels; the pictures' binary and the benchmarks' have few exports and need them all. */
const ENTRIES = new Set(['run', 'join', 'staticEnd', 'version', 'more', 'xxh32']);
/** Relaxed binaries have two tiles that should give the same bits, which tests/kernels/wideTile.test.ts compares. */
const RELAXED_ENTRIES = new Set([...ENTRIES, 'f32_gemm_4x8']);

/** The features that asconfig.json enables for a variant. */
function featuresOf(variant) {
  const all = binaryen.Features;
  const basic = all.SIMD128 | all.BulkMemory | all.BulkMemoryOpt | all.NontrappingFPToInt | all.SignExt | all.MutableGlobals;
  return basic | (variant.includes('relaxed') ? all.RelaxedSIMD : 0) | (variant.includes('threads') ? all.Atomics : 0);
}

/**
 * Optimises once more, which above all numbers locals by their use, and then takes the inner kernels out of the exports: they were there to be
 * kept from inlining (assembly/index.ts), and their names take 300 bytes of gzip. Nothing more is inlined, for an engine would run what packs the weights,
 * called once, in the code that it compiles first: that cost 8 ms a load.
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
  const kept = variant.includes('relaxed') ? RELAXED_ENTRIES : ENTRIES;
  if (names.includes('join')) for (const name of names) if (!kept.has(name)) module.removeExport(name);
  const shrunk = module.emitBinary();
  module.dispose();
  return shrunk;
}
