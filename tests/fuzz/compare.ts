// Whether two results are the same, given how far rounding may move them.

import { numbers } from '../numbers.ts';
import type { FuzzGraph, FuzzNode, FuzzTensor } from './graph.ts';
import type { Result, Results } from './onnxruntime.ts';

/** How far each element may be off, by the output's name; nothing where it has to be the same. */
export type Tolerances = ReadonlyMap<string, Float64Array>;

/** 16 times the rounding of a float32 operation: what noise of this size does to a result bounds what rounding does. */
const NOISE = 2 ** -20;

/**
 * The graph with noise where rounding happens: a factor (1 ± 2^-20) on every float input and output of the nodes whose results are rounded. With
 * all factors 1 it is the graph itself. Constants of shape (axes, scales) keep their values.
 * @param resultOf what values hold, for their dims
 */
export function withNoise(
  graph: FuzzGraph,
  dimsOf: (name: string) => Result | FuzzTensor | undefined,
): { noisy: FuzzGraph; factors: FuzzTensor[] } {
  const inexact = new Set(graph.inexact);
  const nodes: FuzzNode[] = [];
  const factors: FuzzTensor[] = [];
  const renamed = new Map<string, string>();
  const types = { ...graph.types };
  const multiply = (name: string, output: string, value: Result | FuzzTensor) => {
    const factor = `${output}*`;
    const data = value.type === 'float64' ? new Float64Array(value.data.length) : new Float32Array(value.data.length);
    factors.push({ name: factor, type: value.type, dims: value.dims, data: data.fill(1), open: true });
    nodes.push({ op: 'Mul', inputs: [name, factor], outputs: [output], attributes: {} });
    types[output] = value.type;
  };
  const isFloat = (value: Result | FuzzTensor | undefined): value is Result => value?.type === 'float32' || value?.type === 'float64';
  graph.nodes.forEach((node, n) => {
    const rounds = node.outputs.some((name) => inexact.has(name));
    const inputs = node.inputs.map((name, i) => {
      const own = renamed.get(name) ?? name;
      const value = dimsOf(name);
      if (!rounds || !isFloat(value) || node.op === 'Range' || (i > 0 && (node.op === 'Resize' || node.op === 'Upsample'))) return own;
      multiply(own, `n${n}.${i}`, value);
      return `n${n}.${i}`;
    });
    const outputs = node.outputs.map((name) => (rounds && isFloat(dimsOf(name)) && inexact.has(name) ? `${name}~` : name));
    nodes.push({ ...node, inputs, outputs });
    for (const [i, name] of node.outputs.entries()) {
      const inner = outputs[i] as string;
      types[inner] = graph.types[name] ?? 'float32';
      if (inner !== name) multiply(inner, name, dimsOf(name) as Result);
    }
  });
  return { noisy: { ...graph, nodes, types, feeds: [...graph.feeds, ...factors] }, factors };
}

/** Factors of either sign. */
export function noise(factors: readonly FuzzTensor[], seed: number): FuzzTensor[] {
  const next = numbers(seed);
  return factors.map((factor) => ({ ...factor, data: (factor.data as Float32Array).map(() => 1 + (next() < 0.5 ? -NOISE : NOISE)) }));
}

/** Of an output's values and of what they were with noise. */
export function tolerance(exact: Result, noisy: readonly (Result | undefined)[]): Float64Array {
  const runs = noisy.flatMap((run) => (run?.data.length === exact.data.length ? [run.data] : []));
  const moved = Float64Array.from({ length: exact.data.length }, (_, i) =>
    runs.reduce((most, data) => Math.max(most, Math.abs(Number(data[i]) - Number(exact.data[i])) || 0), 0),
  );
  const finite = moved.filter(Number.isFinite);
  const mean = finite.reduce((a, b) => a + b, 0) / Math.max(1, finite.length);
  const sizes = Float64Array.from(exact.data as Float64Array, (value) => (Number.isFinite(Number(value)) ? Math.abs(Number(value)) : 0));
  // Where nothing could be run with noise, by the size of the whole.
  const rest = runs.length > 0 ? 2 * mean : 1e-4 * sizes.reduce((a, b) => Math.max(a, b), 0);
  return moved.map((move, i) => 4 * move + rest + 2 ** -20 * (sizes[i] ?? 0) + 1e-37);
}

const kind = (value: number): string =>
  Number.isNaN(value) ? 'NaN' : value === Number.POSITIVE_INFINITY ? 'Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : 'number';

/** How two outputs differ; undefined where they do not. Zeros of either sign are the same unless `bits`. */
export function difference(
  actual: Result | undefined,
  expected: Result,
  tolerances: Float64Array | undefined,
  bits = false,
): string | undefined {
  if (!actual) return 'there is no such output';
  if (actual.type !== expected.type) return `${actual.type}, expected ${expected.type}`;
  if (actual.dims.join() !== expected.dims.join()) return `[${actual.dims}], expected [${expected.dims}]`;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [actual.data[i], expected.data[i]];
    if (Object.is(a, e) || (a === e && !bits)) continue;
    const [x, y] = [Number(a), Number(e)];
    const close = tolerances && kind(x) === 'number' && kind(y) === 'number' && Math.abs(x - y) <= (tolerances[i] ?? 0);
    // So near the largest float that one of them is over it.
    const over =
      tolerances && (Math.abs(x) > 3e38 || Math.abs(y) > 3e38) && Math.sign(x) === Math.sign(y) && kind(x) !== 'NaN' && kind(y) !== 'NaN';
    if (!close && !over)
      return `element ${i} of [${expected.dims}]: ${a}, expected ${e}${tolerances ? ` ± ${(tolerances[i] ?? 0).toExponential(1)}` : ''}`;
  }
  return undefined;
}

/** The first of the outputs that differ. */
export function firstDifference(
  names: readonly string[],
  actual: Results,
  expected: Results,
  tolerances: Tolerances,
  bits = false,
): { name: string; text: string } | undefined {
  for (const name of names) {
    const want = expected.get(name);
    const text = want && difference(actual.get(name), want, tolerances.get(name), bits);
    if (text) return { name, text };
  }
  return undefined;
}
