// What a node comes to: tensors, or the error that says what is wrong with it.

import { compile } from '../../src/compiler/compile.ts';
import { addOperators } from '../../src/compiler/operators.ts';
import { verify } from '../../src/compiler/verify.ts';
import { LanewiseError } from '../../src/errors.ts';
import type { Attribute, Constant, Graph } from '../../src/graph/graph.ts';
import { arrayTypes, type DataType, Tensor, type TypedArray } from '../../src/graph/tensor.ts';
import { createModel, fitted, planSource } from '../../src/load.ts';
import { compileModule } from '../../src/runtime/wasm.ts';
import { runWatched } from '../kernels/run.ts';
import type { NodeInput, RandomNode } from './choices.ts';
import { isHuge } from './hostile.ts';

const operators = addOperators();

export const NAME = 'the-node';
export const LIMIT = 16 * 1024 ** 2;
const compiled = compileModule('strict', 'more').then((module) => ({ module, variant: 'strict' as const }));

export type Outcome = { tensors: Tensor[] } | { code: string; message: string };

function dataOf({ type, dims, data }: NodeInput): TypedArray {
  const count = dims.reduce((a, b) => a * b, 1);
  const big = type === 'int64' || type === 'uint64';
  const array = new arrayTypes[type](count);
  for (let i = 0; i < count; i++) {
    const value = data[i % data.length] ?? 0;
    array[i] = (big ? whole(value) : type === 'bool' ? Number(Number(value) !== 0) : Number(value)) as never;
  }
  return array;
}

const whole = (value: number | bigint): bigint =>
  typeof value === 'bigint' ? value : Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;

/** @param channelsLast float32 inputs pass through a pooling of single pixels, and so lie channels-last */
export function graphFor(
  node: RandomNode,
  channelsLast = false,
): { graph: Graph; feeds: Record<string, Tensor>; dims: Map<string, number[]> } {
  const inputs: { name: string; type: DataType; dims: number[] }[] = [];
  const constants = new Map<string, Constant>();
  const feeds: Record<string, Tensor> = {};
  const nodes: Graph['nodes'][number][] = [];
  const names = node.inputs.map((input, i) => {
    if (input.how === 'absent') return '';
    const name = `input${i}`;
    const { type, dims } = input;
    if (input.how === 'constant' && !isHuge(input)) {
      constants.set(name, { name, type, dims, read: () => dataOf(input) });
      return name;
    }
    inputs.push({ name, type, dims });
    if (!isHuge(input)) feeds[name] = new Tensor(type, dataOf(input) as never, dims);
    if (!channelsLast || type !== 'float32' || dims.length < 3 || dims.length > 4 || dims.includes(0)) return name;
    const attributes = new Map<string, Attribute>([['kernel_shape', dims.slice(2).map(() => 1)]]);
    nodes.push({ op: 'MaxPool', domain: '', name: `pool${i}`, inputs: [name], outputs: [`pooled${i}`], attributes });
    return `pooled${i}`;
  });
  const outputs = Array.from({ length: node.outputs }, (_, i) => `output${i}`);
  nodes.push({ op: node.op, domain: '', name: NAME, inputs: names, outputs, attributes: new Map(Object.entries(node.attributes)) });
  const graph: Graph = {
    name: 'random',
    inputs,
    outputs: outputs.map((name) => ({ name })),
    nodes,
    constants,
    opsets: new Map([['', node.opset]]),
    metadata: new Map(),
  };
  return { graph, feeds, dims: new Map(inputs.map(({ name, dims }) => [name, dims])) };
}

/** Runs the node, or plans it where its inputs are too large to be made. Errors that are no LanewiseErrors are thrown. */
export async function outcomeOf(node: RandomNode, channelsLast = false): Promise<Outcome> {
  try {
    const { graph, feeds, dims } = graphFor(node, channelsLast);
    if (node.inputs.some((input) => input.how !== 'absent' && isHuge(input))) {
      const { shapingInputs } = planSource(graph, {});
      const values = new Map(Object.entries(feeds).filter(([name]) => shapingInputs.has(name)));
      compile(graph, { dims, values, memoryLimit: LIMIT, verify });
      return { tensors: [] };
    }
    const model = await createModel(graph, { memoryLimit: LIMIT }, compiled);
    const results = model.runSync(feeds);
    model.dispose();
    return { tensors: Object.values(results) };
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    return { code: error.code, message: error.message };
  }
}

/**
 * As `outcomeOf`, in memory full of NaN, and looks whether bytes that are not the plan's change. Undefined where only a run tells the sizes, and
 * where float64 runs in float32.
 */
export async function watchedRun(node: RandomNode, channelsLast: boolean): Promise<Tensor[] | undefined> {
  const { graph, feeds, dims } = graphFor(node, channelsLast);
  if ((await fitted(graph)).graph !== graph) return undefined;
  const { shapingInputs } = planSource(graph, {});
  const values = new Map(Object.entries(feeds).filter(([name]) => shapingInputs.has(name)));
  const plan = compile(graph, { dims, values, memoryLimit: LIMIT });
  if (plan.late) return undefined;
  return runWatched(plan, feeds, 'strict');
}

/** What is wrong with an error: its code, or a message that does not say where. Undefined where nothing is. */
export function complaint(outcome: Outcome): string | undefined {
  if ('tensors' in outcome) return undefined;
  const { code, message } = outcome;
  if (!['INVALID_MODEL', 'UNSUPPORTED', 'INVALID_INPUT', 'TOO_LARGE'].includes(code)) return `the code ${code}: ${message}`;
  if (!/'(the-node|input|output|pooled)/.test(message)) return `no node named (${code}): ${message}`;
  return undefined;
}

/** How two results differ. */
export function difference(a: Outcome, b: Outcome, tolerance: number): string | undefined {
  if (!('tensors' in a) || !('tensors' in b)) {
    if ('tensors' in a) return `runs, but ${(b as { message: string }).message}`;
    if ('tensors' in b) return `runs, but ${(a as { message: string }).message}`;
    return undefined;
  }
  if (a.tensors.length !== b.tensors.length) return `${a.tensors.length} outputs and ${b.tensors.length}`;
  for (const [i, x] of a.tensors.entries()) {
    const y = b.tensors[i] as Tensor;
    if (x.type !== y.type || x.dims.join() !== y.dims.join()) return `${x.type} [${x.dims}] and ${y.type} [${y.dims}]`;
    for (let j = 0; j < x.data.length; j++) {
      const [p, q] = [Number(x.data[j]), Number(y.data[j])];
      if (Object.is(p, q) || p === q || Math.abs(p - q) <= tolerance * Math.max(1, Math.abs(p), Math.abs(q))) continue;
      return `output ${i}, element ${j} of [${x.dims}]: ${p} and ${q}`;
    }
  }
  return undefined;
}

/** All inputs one way. */
export const all = (node: RandomNode, how: 'fed' | 'constant'): RandomNode => ({
  ...node,
  inputs: node.inputs.map((input, i) => {
    const shapes = operators.get(node.op)?.constantInputs?.includes(i);
    return input.how === 'absent' || (shapes && how === 'fed') ? input : { ...input, how };
  }),
});
