// The quantised graph: QuantizeLinear and DequantizeLinear around what computes in integers, as onnxruntime and PyTorch write it.

import { product } from '../graph/dims.ts';
import type { Attribute, Constant, Graph, GraphNode } from '../graph/graph.ts';
import type { Choice, Layer } from './choose.ts';
import { Draft } from './draft.ts';
import type { Folded } from './fold.ts';
import { clamp, roundEven, type Scale, scaleOf } from './numbers.ts';
import { channelScales, dequantized, type Integers, inChannels } from './weights.ts';

/** A layer whose numbers are known. */
export interface QuantizedLayer extends Layer {
  /** The weights' shape; of Gemm [columns, depth], and axis 0, whatever the node has. */
  readonly dims: readonly number[];
  readonly integers: Integers;
  /** The weights before they were rounded, in that order. */
  readonly floats: Float32Array;
  /** In float64, one for each channel; undefined for MatMul, which has none. */
  readonly biases: Float64Array | undefined;
}

/** int32 may hold so much of a bias, which leaves the sums as much. */
const MOST_BIAS = 2 ** 30;

/**
 * The weights of a layer as int8, with a scale for each output channel.
 * @param input the scale of what it reads
 * @param most the largest magnitude
 */
export function quantizedLayer(layer: Layer, input: Scale, most: number): QuantizedLayer {
  const { node, weights, bias } = layer;
  const { op, attributes } = node;
  const gemm = op === 'Gemm';
  const number = (name: string) => Number(attributes.get(name) ?? 1);
  const [alpha, beta] = gemm ? [number('alpha'), number('beta')] : [1, 1];
  const read = weights.read() as Float32Array;
  const turned = gemm && layer.axis === 1;
  const dims = turned ? [...weights.dims].reverse() : weights.dims;
  const [rows = 1, columns = 1] = dims;
  const floats = new Float32Array(read.length);
  for (let i = 0; i < read.length; i++) {
    floats[i] = alpha * (read[turned ? (i % columns) * rows + Math.floor(i / columns) : i] as number);
  }
  const axis = op === 'MatMul' ? 1 : 0;
  const given = bias?.read() as Float32Array | undefined;
  const biases =
    op === 'MatMul'
      ? undefined
      : Float64Array.from({ length: dims[axis] as number }, (_, i) => beta * (given?.[given.length === 1 ? 0 : i] ?? 0));
  // Where the weights are tiny beside the bias, the bias would not fit into int32.
  const leastOf = (channel: number) => Math.fround(Math.abs(biases?.[channel] ?? 0) / (input.scale * MOST_BIAS));
  const scales = channelScales(floats, dims, axis, most, leastOf);
  const integers = { data: inChannels(floats, dims, axis, scales, most), scales };
  return { ...layer, axis, dims, floats, integers, biases };
}

/** Scales of bytes, by the names of the values that have ranges. */
export const scalesOf = (ranges: ReadonlyMap<string, readonly [number, number]>): Map<string, Scale> =>
  new Map([...ranges].map(([name, [low, high]]) => [name, scaleOf(low, high)]));

/** Writes QuantizeLinear and DequantizeLinear for values, once each. */
export class Bytes {
  readonly #draft: Draft;
  readonly #choice: Choice;
  readonly #scales: ReadonlyMap<string, Scale>;
  /** The names of scale and zero point, by the value that has the range. */
  readonly #constants = new Map<string, readonly [scale: string, zero: string]>();
  /** The dequantised values so far, by the names of the values. */
  readonly done = new Map<string, string>();

  constructor(draft: Draft, choice: Choice, scales: ReadonlyMap<string, Scale>) {
    this.#draft = draft;
    this.#choice = choice;
    this.#scales = scales;
  }

  /** What a value's bytes stand for. */
  scale(name: string): Scale {
    return this.#scales.get(this.#choice.scales.get(name) as string) as Scale;
  }

  /** The dequantised value, quantised first. */
  of(name: string): string {
    const done = this.done.get(name);
    if (done !== undefined) return done;
    const root = this.#choice.scales.get(name) as string;
    const constants = this.#constants.get(root) ?? this.#parameters(root, this.scale(name));
    this.#constants.set(root, constants);
    const bytes = this.#draft.node('QuantizeLinear', [name, ...constants], `${name}_quantized`);
    const made = this.#draft.node('DequantizeLinear', [bytes, ...constants], `${name}_dequantized`);
    this.done.set(name, made);
    return made;
  }

  #parameters(name: string, { scale, zero }: Scale): readonly [string, string] {
    return [
      this.#draft.constant(`${name}_scale`, 'float32', [], Float32Array.of(scale)),
      this.#draft.constant(`${name}_zero_point`, 'uint8', [], Uint8Array.of(zero)),
    ];
  }
}

/** DequantizeLinear of constant integers, one scale for each index of the axis. */
function perChannel(
  draft: Draft,
  name: string,
  type: 'int8' | 'int32',
  dims: readonly number[],
  data: Int8Array | Int32Array,
  scale: string,
  axis: number,
): string {
  const zeros = type === 'int8' ? new Int8Array(dims[axis] as number) : new Int32Array(dims[axis] as number);
  const bytes = draft.constant(`${name}_quantized`, type, dims, data);
  const zero = draft.constant(`${name}_zero_point`, type, [zeros.length], zeros);
  return draft.node('DequantizeLinear', [bytes, scale, zero], `${name}_dequantized`, { axis });
}

/** Where the nodes of layers read their weights: DequantizeLinear of int8. Layers that share weights and scales share the bytes. */
class Weights {
  readonly #draft: Draft;
  readonly #done = new Map<Constant, { readonly integers: Integers; readonly name: string }[]>();

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /** @returns the name of the dequantised weights */
  of({ node, weights, dims, integers, axis }: QuantizedLayer): string {
    const before = this.#done.get(weights) ?? [];
    const same = (a: ArrayLike<number>, b: ArrayLike<number>) => a.length === b.length && Array.from(a).every((x, i) => x === b[i]);
    const found = before.find((done) => same(done.integers.scales, integers.scales) && same(done.integers.data, integers.data));
    if (found) return found.name;
    const title = node.inputs[1] as string;
    const scale = this.#draft.constant(`${title}_scale`, 'float32', [integers.scales.length], integers.scales);
    const name = perChannel(this.#draft, title, 'int8', dims, integers.data, scale, axis);
    this.#done.set(weights, [...before, { integers, name }]);
    return name;
  }
}

/**
 * The quantised graph.
 * @param layers the layers of the choice, by node
 * @param scales of the values that have ranges
 * @returns the graph, and the names of the dequantised values by those of the values
 */
export function quantizedGraph(
  { graph, known }: Folded,
  choice: Choice,
  layers: ReadonlyMap<GraphNode, QuantizedLayer>,
  scales: ReadonlyMap<string, Scale>,
  opset: number,
): { readonly graph: Graph; readonly bytes: ReadonlyMap<string, string> } {
  const draft = new Draft(graph);
  const bytes = new Bytes(draft, choice, scales);
  const weights = new Weights(draft);
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  /** What a node reads in place of a value: the bytes' meaning, if it computes with them or they are all that there is. */
  const read = (name: string, node: GraphNode): string => {
    if (!choice.scales.has(name)) return name;
    const producer = producers.get(name);
    return choice.nodes.has(node) || (producer && choice.nodes.has(producer)) ? bytes.of(name) : name;
  };
  for (const node of graph.nodes) {
    const layer = layers.get(node);
    const inputs = node.inputs.map((name) => read(name, node));
    if (layer) draft.nodes.push(layerNode(layer, inputs[0] as string, bytes.scale(node.inputs[0] as string), draft, weights));
    else if (choice.nodes.has(node) && /^(Add|Mul)$/.test(node.op)) {
      const constant = node.inputs.findIndex((name) => known.has(name) && product((known.get(name) as Constant).dims) > 1);
      if (constant >= 0) inputs[constant] = constantBytes(draft, node, known.get(node.inputs[constant] as string) as Constant);
      draft.nodes.push({ ...node, inputs });
    } else draft.nodes.push({ ...node, inputs });
  }
  return { graph: draft.graph(opset), bytes: bytes.done };
}

/** Conv, Gemm or MatMul over dequantised bytes; biases are int32 of the product of both scales. */
function layerNode(layer: QuantizedLayer, x: string, input: Scale, draft: Draft, weights: Weights): GraphNode {
  const { node, biases, integers } = layer;
  const inputs = [x, weights.of(layer)];
  if (biases) {
    const title = node.inputs[2] || `${node.name}/bias`;
    const steps = integers.scales.map((scale) => input.scale * scale);
    const data = Int32Array.from(biases, (bias, i) => clamp(roundEven(bias / (steps[i] as number)), -MOST_BIAS, MOST_BIAS));
    const scale = draft.constant(`${title}_scale`, 'float32', [steps.length], steps);
    inputs.push(perChannel(draft, title, 'int32', [data.length], data, scale, 0));
  }
  const attributes: ReadonlyMap<string, Attribute> = node.op === 'Gemm' ? new Map([['transB', 1]]) : node.attributes;
  return { ...node, inputs, attributes };
}

/** A constant that is added or multiplied, as uint8. */
function constantBytes(draft: Draft, node: GraphNode, constant: Constant): string {
  const data = constant.read() as Float32Array;
  let [low, high] = [0, 0];
  for (const x of data) {
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  const { scale, zero } = scaleOf(low, high);
  const title = `${node.name}/constant`;
  const bytes = Uint8Array.from(data, (x) => clamp(roundEven(Math.fround(x / scale)) + zero, 0, 255));
  return draft.node(
    'DequantizeLinear',
    [
      draft.constant(`${title}_quantized`, 'uint8', constant.dims, bytes),
      draft.constant(`${title}_scale`, 'float32', [], Float32Array.of(scale)),
      draft.constant(`${title}_zero_point`, 'uint8', [], Uint8Array.of(zero)),
    ],
    `${title}_dequantized`,
  );
}

/** The weights of a layer as its node computes with them. */
export const usedWeights = ({ integers, dims, axis }: QuantizedLayer): Float32Array => dequantized(integers, dims, axis);
