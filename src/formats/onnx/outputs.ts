import type { Dim, Graph, GraphNode } from '../../graph/graph.ts';
import type { DataType } from '../../graph/tensor.ts';
import { maxRank } from '../bytes.ts';
import { typeOfCode } from './tensor.ts';

/** A value's known type and dimensions. Without `dims` not even their number is known. */
interface Known {
  readonly type?: DataType;
  readonly dims?: readonly Dim[];
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Operators whose output has the type and the number of dimensions of their first input. */
const likeFirst = words(
  `Abs Acos Acosh Asin Asinh Atan Atanh AveragePool BatchNormalization Cast Ceil Celu Clip Concat Conv ConvTranspose Cos Cosh CumSum
  DepthToSpace Dropout Elu Erf Exp Floor Gelu GlobalAveragePool GlobalLpPool GlobalMaxPool GroupNormalization HardSigmoid HardSwish Hardmax
  Identity InstanceNormalization IsInf IsNaN LRN LayerNormalization LeakyRelu Log LogSoftmax LpNormalization LpPool MaxPool
  MeanVarianceNormalization Mish Neg Not Pad PRelu Reciprocal Relu Resize ReverseSequence Round ScatterElements ScatterND Selu Shrink Sigmoid
  Sign Sin Sinh Slice Softmax Softplus Softsign SpaceToDepth Sqrt Swish Tan Tanh ThresholdedRelu Tile Transpose Trilu Upsample`.replace(
    /\s+/g,
    ' ',
  ),
);

/** Operators whose output has the number of dimensions of their largest input. */
const likeLargest = words(
  'Add And BitShift Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or Pow Sub Sum Where Xor MatMul',
);

const truths = words('And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Not Or Xor');

const flat = words('Flatten Gemm');

/** The first output of a node. */
function infer(graph: Graph, { op, inputs, attributes }: GraphNode, known: ReadonlyMap<string, Known>): Known {
  const from = inputs.map((name) => known.get(name));
  const type = truths.has(op) ? 'bool' : (op === 'Where' ? from[1] : from[0])?.type;
  const ranks = from.map((value) => value?.dims?.length);
  const rank = (count: number | undefined): Known => ({
    type,
    dims: count !== undefined && count <= maxRank ? Array(count).fill('') : undefined,
  });
  if (likeFirst.has(op)) return { ...rank(ranks[0]), ...(op === 'Cast' ? { type: typeOfCode(Number(attributes.get('to'))) } : {}) };
  // A vector times a matrix has one dimension fewer.
  const whole = ranks.every((count) => count !== undefined && (op !== 'MatMul' || count > 1));
  if (likeLargest.has(op)) return rank(whole ? ranks.reduce<number>((most, count) => Math.max(most, count ?? 0), 0) : undefined);
  if (flat.has(op)) return rank(2);
  if (op === 'DequantizeLinear') return { ...rank(ranks[0]), type: 'float32' };
  if (op === 'Shape') return { type: 'int64', dims: [''] };
  if (op === 'Reshape') {
    const shape = attributes.get('shape');
    return rank(Array.isArray(shape) ? shape.length : graph.constants.get(inputs[1] ?? '')?.dims[0]);
  }
  if (/^(Reduce|ArgM)/.test(op))
    return { ...rank(attributes.get('keepdims') === 0 ? undefined : ranks[0]), ...(op.startsWith('Arg') && { type: 'int64' }) };
  const value = attributes.get('value');
  if (op === 'Constant' && typeof value === 'object' && 'read' in value) return { type: value.type, dims: value.dims };
  return {};
}

/**
 * The outputs, each with a type, and with dimensions if their number is known. Files may leave both out; ONNX's checker asks
 * for both.
 */
export function statedOutputs(graph: Graph): { name: string; type: DataType; dims: readonly Dim[] | undefined }[] {
  const known = new Map<string, Known>();
  if (graph.outputs.some(({ type, dims }) => !type || !dims)) {
    for (const value of [...graph.inputs, ...graph.constants.values()]) known.set(value.name, value);
    for (const node of graph.nodes) {
      const [output] = node.outputs;
      if (output && node.domain === '') known.set(output, infer(graph, node, known));
    }
  }
  return graph.outputs.map(({ name, type, dims }) => {
    const inferred = known.get(name);
    return { name, type: type ?? inferred?.type ?? 'float32', dims: dims ?? inferred?.dims };
  });
}
