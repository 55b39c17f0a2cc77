import { checkOptions, isOptions, kindOf, type OptionChecks, shown } from '../arguments.ts';
import { type BindOptions, bind, namesRead } from '../compiler/bind.ts';
import { addContrib } from '../contrib/index.ts';
import { addControl } from '../control/index.ts';
import { LanewiseError } from '../errors.ts';
import { checkDims, product } from '../graph/dims.ts';
import { type Graph, isGraph } from '../graph/graph.ts';
import { Tensor, type TensorType } from '../graph/tensor.ts';
import { bytesOf } from '../graph/value.ts';
import { macsOf } from '../ops/cost.ts';
import type { CustomOperator } from '../ops/custom.ts';
import type { Node } from '../ops/operator.ts';
import { output } from '../ops/shapes.ts';
import { parametersOf } from './parameters.ts';
import { type Pair, receptiveFields } from './receptiveField.ts';

/** One layer of a network. */
export interface LayerSummary {
  /** Its name in the graph. */
  readonly name: string;
  /** The operator: ONNX's op_type. */
  readonly op: string;
  /** Dimensions of its inputs, without weights and other constants: for a concatenation, the shapes of its paths. */
  readonly inputs: readonly (readonly number[])[];
  /** Dimensions of its (first) output; missing if only a run can tell. */
  readonly output?: readonly number[];
  /** Dimensions of all outputs, if there are several. */
  readonly outputs?: readonly (readonly number[])[];
  /** Number of learned numbers, without the running statistics of batch-norms. */
  readonly params: number;
  /** Multiply-accumulates. */
  readonly macs: number;
  /** Bytes of its outputs, in the file's types. */
  readonly activationBytes: number;
  /**
   * Input pixels that one position of the output sees, [height, width]; missing if that has no meaning or cannot be
   * followed.
   */
  readonly receptiveField?: Pair;
  /** Distance between the fields of neighbours: 0 if all see the same. */
  readonly receptiveFieldStride?: Pair;
  /** Where the first position's field starts, negative in the padding. */
  readonly receptiveFieldOffset?: Pair;
}

/** An input of a network. */
export interface InputSummary {
  /** Its name in the graph. */
  readonly name: string;
  /** The callers' type, which may be float16. */
  readonly type: TensorType;
  /** The shape that the numbers are for. */
  readonly dims: readonly number[];
}

/** What `summarize` gives: the layers of a network, and its totals. */
export interface NetworkSummary {
  /** The inputs, at the shapes that the numbers are for. */
  readonly inputs: readonly InputSummary[];
  /** In execution order. */
  readonly layers: readonly LayerSummary[];
  /** Number of learned numbers; those that several layers share count once. */
  readonly params: number;
  /** Multiply-accumulates of all layers together. */
  readonly macs: number;
  /**
   * Bytes of the outputs of all layers together. A model needs less, because it reuses memory: see `memory` of a loaded
   * model.
   */
  readonly activationBytes: number;
}

/** A graph, or what can be converted to one: a network of lanewise/layers. */
export type Summarizable = Graph | { graph(): Graph; readonly operators?: readonly CustomOperator[] };

/** Shapes by input name. */
export type InputShapes = Readonly<Record<string, readonly number[]>> | ReadonlyMap<string, readonly number[]>;

/** Further facts about a graph for `summarize`. */
export type SummaryOptions = Omit<BindOptions, 'dims' | 'lists' | 'running'>;

const checks: OptionChecks<SummaryOptions> = {
  memoryLimit: ['bytes, from 0 on', (value) => typeof value === 'number' && value >= 0],
  values: [
    'a Map of Tensors by input name',
    (value) => kindOf(value) === 'Map' && [...(value as Map<unknown, unknown>).values()].every((tensor) => tensor instanceof Tensor),
  ],
  operators: ['a list of what defineOp gives', Array.isArray],
};

/** `summarize`, for networks whose operators are all loaded. @param check makes sure that they are */
export function summarizeGraph(
  source: Summarizable,
  dims: InputShapes = {},
  options: SummaryOptions = {},
  check?: (graph: Graph, operators: readonly CustomOperator[]) => void,
): NetworkSummary {
  const graph = graphOf(source);
  checkOptions('summarize', options, checks);
  addControl();
  addContrib();
  const operators = operatorsOf(source, options);
  check?.(graph, operators);
  const { network, late: waiting } = bind(graph, { ...options, operators, dims: shapesOf(graph, dims) });
  const fields = receptiveFields(network);
  const parameters = new Map<string, number>();
  const layers = network.nodes.map((node): LayerSummary => {
    const learned = parametersOf(node);
    for (const { name, dims } of learned) parameters.set(name, product(dims));
    const field = fields.get(output(node));
    return {
      ...described(node),
      params: learned.reduce((sum, { dims }) => sum + product(dims), 0),
      macs: macsOf(node),
      activationBytes: node.outputs.reduce((sum, value) => sum + bytesOf(value), 0),
      ...(field && { receptiveField: field.size, receptiveFieldStride: field.stride, receptiveFieldOffset: field.offset }),
    };
  });
  const late = (waiting?.nodes ?? []).map(
    ({ name, op }): LayerSummary => ({ name, op, inputs: [], params: 0, macs: 0, activationBytes: 0 }),
  );
  const faces = new Map(graph.inputs.map(({ name, face }) => [name, face]));
  const total = (key: 'macs' | 'activationBytes') => layers.reduce((sum, layer) => sum + layer[key], 0);
  return {
    inputs: network.inputs.map(({ name, type, dims }) => ({ name, type: faces.get(name) ?? type, dims })),
    layers: [...layers, ...late],
    params: [...parameters.values()].reduce((a, b) => a + b, 0),
    macs: total('macs'),
    activationBytes: total('activationBytes'),
  };
}

function described({ name, op, inputs, outputs }: Node): Pick<LayerSummary, 'name' | 'op' | 'inputs' | 'output' | 'outputs'> {
  const shapes = outputs.map(({ dims }) => dims);
  return {
    name,
    op: op.name,
    inputs: inputs.flatMap((value) => (value && !value.constant ? [value.dims] : [])),
    ...(shapes[0] && { output: shapes[0] }),
    ...(shapes.length > 1 && { outputs: shapes }),
  };
}

function graphOf(source: Summarizable): Graph {
  const isObject = typeof source === 'object' && source !== null;
  const graph = isObject && 'graph' in source && typeof source.graph === 'function' ? source.graph() : (source as Graph);
  if (isGraph(graph)) return graph;
  throw new LanewiseError(
    'INVALID_INPUT',
    'a summary is made of a graph, such as readOnnx of lanewise/formats gives, or of a network of layers',
  );
}

/** The operators of the network and of the options, which binding checks. */
function operatorsOf(source: Summarizable, { operators = [] }: SummaryOptions): readonly CustomOperator[] {
  if (!('operators' in source) || !Array.isArray(operators)) return operators;
  return [...new Set([...(source.operators ?? []), ...operators])];
}

/** The shape of every input. @throws LanewiseError INVALID_INPUT */
function shapesOf(graph: Graph, dims: InputShapes): Map<string, readonly number[]> {
  if (!isOptions(dims) && kindOf(dims) !== 'Map')
    throw new LanewiseError('INVALID_INPUT', `shapes are an object of dimensions by input name, got ${shown(dims)}`);
  const given = new Map<string, readonly number[]>(dims instanceof Map ? dims : Object.entries(dims));
  const names = graph.inputs.map(({ name }) => name);
  for (const name of given.keys()) {
    if (!names.includes(name))
      throw new LanewiseError('INVALID_INPUT', `there is no input ${shown(name)}; there are ${names.map((own) => `'${own}'`).join(', ')}`);
  }
  // An input that nobody reads needs no shape.
  const read = namesRead(graph);
  const inputs = graph.inputs.filter(({ name }) => read.has(name));
  return new Map(
    inputs.map((input) => {
      const own: readonly number[] | undefined = given.get(input.name);
      if (own !== undefined) checkDims(input.name, input.dims, own);
      const shape = own ?? input.dims.map((dim, i) => (i === 0 && typeof dim === 'string' ? 1 : dim));
      if (shape.some((dim) => typeof dim === 'string')) {
        const open = input.dims.map((dim) => dim || '?').join(', ');
        throw new LanewiseError('INVALID_INPUT', `input '${input.name}' leaves dimensions open: give the shape of [${open}]`);
      }
      return [input.name, shape as readonly number[]];
    }),
  );
}
