// What jest makes of TypeScript: swc strips the types, and the language's own objects become constants of each module. Jest runs tests in a context of
// Node's, in which a global name is looked up by a call out of the engine, at every use: a loop that asks for Math.imul takes a hundred times longer so.

import swc from '@swc/jest';

const globals = [
  ...['Math', 'Number', 'BigInt', 'Object', 'Array', 'Map', 'Set', 'String', 'Infinity', 'NaN', 'DataView', 'ArrayBuffer'],
  ...['Int8Array', 'Uint8Array', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'BigInt64Array', 'BigUint64Array'],
  ...['Float32Array', 'Float64Array'],
];
const inner = swc.createTransformer({
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  module: { type: 'es6' },
});

/** On the first line, so that all lines keep their numbers. */
function withConstants(result) {
  const used = globals.filter((name) => new RegExp(`\\b${name}\\b`).test(result.code));
  return used.length === 0 ? result : { ...result, code: `const { ${used.join(', ')} } = globalThis; ${result.code}` };
}

export default {
  canInstrument: inner.canInstrument,
  getCacheKey: (...given) => `${inner.getCacheKey(...given)}-${withConstants}-${globals}`,
  process: (...given) => withConstants(inner.process(...given)),
  processAsync: async (...given) => withConstants(await inner.processAsync(...given)),
};
