import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** TensorFlow.js on its WebAssembly backend: SIMD, one thread. */
export async function startTensorflow() {
  // Its packages are CommonJS for Node, and both halves must see the same core.
  const require = createRequire(import.meta.url);
  const tf = require('@tensorflow/tfjs-core');
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  tf.env().set('WASM_HAS_SIMD_SUPPORT', true);
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (!(await tf.setBackend('wasm')) || tf.getBackend() !== 'wasm') throw new Error('TensorFlow.js did not start its WebAssembly backend');
  return tf;
}
