// Weights alone as integers: a smaller file, which computes in float32.

import { product } from '../graph/dims.ts';
import type { Attribute, Constant, Graph, GraphNode } from '../graph/graph.ts';
import { keptFloat } from './choose.ts';
import { Draft } from './draft.ts';
import { type LayerReport, snrOf } from './report.ts';
import { channelScales, checkFinite, dequantized, inBlocks, inChannels } from './weights.ts';

/** The axes of the weights' output and input channels. */
interface Axes {
  readonly weights: Constant;
  readonly output: number;
  /** Undefined where input channels are in groups, and blocks would span several. */
  readonly input: number | undefined;
}

function axesOf({ op, domain, inputs, attributes }: GraphNode, known: ReadonlyMap<string, Constant>): Axes | undefined {
  const weights = known.get(inputs[1] ?? '');
  if (domain !== '' || weights?.type !== 'float32' || known.has(inputs[0] ?? '')) return undefined;
  const rank = weights.dims.length;
  if (op === 'Conv') return { weights, output: 0, input: 1 };
  if (op === 'ConvTranspose') return { weights, output: 1, input: Number(attributes.get('group') ?? 1) === 1 ? 0 : undefined };
  if (op === 'Gemm') return attributes.get('transB') ? { weights, output: 0, input: 1 } : { weights, output: 1, input: 0 };
  return op === 'MatMul' && rank >= 2 ? { weights, output: rank - 1, input: rank - 2 } : undefined;
}

/** Bytes that scales, zero points and nodes take besides: less is not worth it. */
const OVERHEAD = 256;

/**
 * The graph with DequantizeLinear before the weights of Conv, ConvTranspose, Gemm and MatMul. Layers stay as they are if that would not make
 * them smaller.
 * @param known values that are known, by name
 * @param float layers that stay as they are: 'first' and 'last', and nodes by name
 * @param block input channels that share a scale, for 4 bits; layers with less than 16 get 8
 */
export function weightsOnly(
  graph: Graph,
  known: ReadonlyMap<string, Constant>,
  opset: number,
  bits: 8 | 4,
  block: number,
  float: readonly string[],
): { readonly graph: Graph; readonly layers: readonly LayerReport[] } {
  const draft = new Draft(graph);
  const kept = keptFloat(graph.nodes, (node) => axesOf(node, known) !== undefined, float);
  /** By the weights, and the axis. */
  const done = new Map<string, readonly [name: string, report: Pick<LayerReport, 'bits' | 'weightSnr'>]>();
  const layers: LayerReport[] = [];
  for (const node of graph.nodes) {
    const axes = axesOf(node, known);
    if (!axes) {
      draft.nodes.push(node);
      continue;
    }
    const { weights, output, input } = axes;
    const { dims } = weights;
    const title = node.inputs[1] as string;
    const count = product(dims);
    const small = 3 * count <= 5 * (dims[output] as number) + OVERHEAD;
    if (small || kept.includes(node)) {
      draft.nodes.push(node);
      layers.push({ name: node.name, op: node.op, bits: 32 });
      continue;
    }
    const key = JSON.stringify([title, output]);
    let made = done.get(key);
    if (!made) {
      checkFinite(node, weights);
      const data = weights.read() as Float32Array;
      const blocks = bits === 4 && input !== undefined && (dims[input] as number) >= 16;
      const axis = blocks ? input : output;
      const size = blocks ? Math.min(block, dims[axis] as number) : undefined;
      const scales = channelScales(data, dims, output, 127);
      const integers = size ? inBlocks(data, dims, axis, size) : { data: inChannels(data, dims, output, scales, 127), scales };
      const scaleDims = size ? dims.map((dim, i) => (i === axis ? Math.ceil(dim / size) : dim)) : [dims[axis] as number];
      const inputs = [
        draft.constant(`${title}_quantized`, 'int8', dims, integers.data, size ? 'int4' : undefined),
        draft.constant(`${title}_scale`, 'float32', scaleDims, integers.scales),
        ...(size ? [] : [draft.constant(`${title}_zero_point`, 'int8', scaleDims, new Int8Array(scaleDims[0] as number))]),
      ];
      const attributes: Record<string, Attribute> = { axis, ...(size && { block_size: size }) };
      const name = draft.node('DequantizeLinear', inputs, `${title}_dequantized`, attributes);
      made = [name, { bits: size ? 4 : 8, weightSnr: snrOf(data, dequantized(integers, dims, axis, size)) }];
      done.set(key, made);
    }
    const [name, report] = made;
    draft.nodes.push({ ...node, inputs: node.inputs.map((given, i) => (i === 1 ? name : given)) });
    layers.push({ name: node.name, op: node.op, ...report });
  }
  return { graph: draft.graph(opset), layers };
}
