// Each runtime by the same face: start() imports its modules, so that a process holds only what it measures, and gives open(path), which gives
// { run }; run() is the output for the picture. start() takes the number of threads where a runtime has them.

import { channelsLast, DIMS, PICTURE, readModel } from './models.mjs';

/** The only entry of an object: these models have one input and one output. */
const only = (record) => Object.values(record)[0];

async function lanewise(threads = 1) {
  const { load, Tensor } = await import('../../dist/index.js');
  return async (path) => {
    const model = await load(path, { threads });
    const feeds = { [model.inputs[0].name]: new Tensor('float32', PICTURE, DIMS) };
    return { run: async () => only(await model.run(feeds)).data };
  };
}

/** onnxruntime's two packages share their interface. */
const session = (ort, options) => async (source) => {
  const opened = await ort.InferenceSession.create(source, options);
  const feeds = { [opened.inputNames[0]]: new ort.Tensor('float32', PICTURE, DIMS) };
  return { run: async () => only(await opened.run(feeds)).data };
};

async function onnxruntimeWeb(threads = 1) {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = threads;
  const open = session(ort, { executionProviders: ['wasm'] });
  return (path) => open(readModel(path));
}

async function onnxruntimeNode(threads = 1) {
  const { default: ort } = await import('onnxruntime-node');
  return session(ort, { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential' });
}

async function tensorflow() {
  const { startTensorflow } = await import('./tfjs.mjs');
  const { interpret } = await import('./interpreter.mjs');
  const tf = await startTensorflow();
  return async (path) => {
    const run = await interpret(tf, readModel(path));
    const input = channelsLast(PICTURE, DIMS);
    return { run: async () => run(input) };
  };
}

/** By the key that results have. `wasm`: a peer in WebAssembly; `opens`: whether it reads ONNX files itself, so that loading can be timed; `threads`: whether it has them in Node. */
export const RUNTIMES = {
  lanewise: { label: 'Lanewise', package: undefined, wasm: true, opens: true, threads: true, start: lanewise },
  onnxruntimeWeb: { label: 'onnxruntime-web', package: 'onnxruntime-web', wasm: true, opens: true, threads: true, start: onnxruntimeWeb },
  tensorflow: { label: 'TensorFlow.js', package: '@tensorflow/tfjs-backend-wasm', wasm: true, opens: false, start: tensorflow },
  onnxruntimeNode: {
    label: 'onnxruntime-node',
    package: 'onnxruntime-node',
    wasm: false,
    opens: true,
    threads: true,
    start: onnxruntimeNode,
  },
};

export const PEERS = Object.keys(RUNTIMES).filter((key) => key !== 'lanewise');
