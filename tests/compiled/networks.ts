import { type CompileModelOptions, compileGraph } from '../../src/compiled/write.ts';
import { neededPack, operatorFinder } from '../../src/compiler/bind.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { initialDims } from '../../src/load.ts';
import type { Outputs } from '../../src/runtime/model.ts';
import { moduleOf } from '../kernels/run.ts';
import { random } from '../reference/index.ts';

export const compiled = (graph: Graph, options: CompileModelOptions = {}): Uint8Array =>
  compileGraph(graph, options, moduleOf('strict', neededPack(graph, operatorFinder()) === 'quantized' ? 'quantized' : 'more'));

/** Random numbers for every input. */
export const feedsOf = (graph: Graph, options: CompileModelOptions = {}): Record<string, Tensor> =>
  Object.fromEntries(
    [...(initialDims(graph, options) ?? [])].map(([name, dims]) => [
      name,
      new Tensor('float32', Float32Array.from(random([...dims], 7).data), dims),
    ]),
  );

/** Every output's name, shape and bits. */
export const bits = (outputs: Outputs): string[] =>
  Object.entries(outputs).map(
    ([name, { data, dims }]) => `${name} [${dims}] ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')}`,
  );
