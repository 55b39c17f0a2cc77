import type { PbfWriter } from 'pbf';
import { checkOptions, isOptions, type OptionNames } from '../../arguments.ts';
import { LanewiseError } from '../../errors.ts';
import {
  type Attribute,
  allNodes,
  type Constant,
  type Dim,
  type Graph,
  type GraphNode,
  isGraph,
  type Subgraph,
} from '../../graph/graph.ts';
import type { DataType } from '../../graph/tensor.ts';
import type { StoredType } from '../bytes.ts';
import { checkWeights, storedAs, storedBytes, storedSize, type Weights } from '../weights.ts';
import { halve } from './halves.ts';
import { statedOutputs } from './outputs.ts';
import { embedded, fields, joined, type Part, writeInt, writeText } from './parts.ts';
import { typeCode } from './tensor.ts';

/** The options of `writeOnnx`. */
export interface OnnxOptions {
  /** How float32 initializers are stored. Default 'f32'. See `Weights`. */
  readonly weights?: Weights;
  /** The producer in the file. Default `{ name: 'lanewise' }`. The graph's own producer is not kept. */
  readonly producer?: { readonly name: string; readonly version?: string };
}

/**
 * The first IR version that each opset came with (onnx.ai/onnx/repo-docs/Versioning.html), newest first; IR 8 holds all
 * older ones.
 */
const irVersions = [
  [25, 13],
  [24, 12],
  [23, 11],
  [21, 10],
  [19, 9],
] as const;

const irVersion = (opset: number): number => irVersions.find(([first]) => opset >= first)?.[1] ?? 8;

/** AttributeProto.AttributeType and the field that holds the value. */
const attributeKinds = {
  float: [1, 2],
  int: [2, 3],
  string: [3, 4],
  tensor: [4, 5],
  floats: [6, 7],
  ints: [7, 8],
  strings: [8, 9],
} as const;

type AttributeKind = keyof typeof attributeKinds;

/**
 * A graph as an ONNX file: everything in one file, tensors as raw data. `readOnnx` gives the same graph again, and for a
 * graph that came from a valid file the file is valid too, with these exceptions:
 *
 * - The metadata's `producer_name` and `producer_version` are those of the options.
 * - A graph without a name is called 'graph', which ONNX asks for. An output without type or shape gets what follows from
 *   the nodes
 *   before it: the type, float32 if they do not say, and the number of dimensions, without which ONNX's checker refuses the
 *   file.
 * - As the readers widen float16 and bfloat16 to float32, so do attributes that ask for these types (Cast's `to`). Inputs
 *   and outputs are of
 *   the type that the graph computes in, whatever their `face`.
 * - Integers of 4 and 2 bits, which the readers widen, are written as they were (`packed`).
 * - With `weights: 'f16'` float16 initializers keep their names, and a Cast to float32 (values `NAME/f32`) stands between
 *   them and their
 *   readers: the model still computes in float32.
 *
 * Graphs that were built by hand state in `kinds` which whole numbers are floats. Calls of the model's functions are written
 * as the functions' nodes.
 * @param graph what `readOnnx` gave, or what `graph()` of a network of layers gives
 * @param options whether weights become float16, and the producer's name
 * @returns the file
 * @throws LanewiseError UNSUPPORTED for attributes that the readers do not read (sparse tensors, types), inputs and outputs
 *   that are sequences or optionals, nodes of functions of another opset than the model's, and float16 before opset 6;
 *   TOO_LARGE over 2 GiB; INVALID_INPUT for options, graphs or tensors that make no sense
 * @example
 * import { readFile, writeFile } from 'node:fs/promises';
 * import { readOnnx, writeOnnx } from 'lanewise/onnx';
 *
 * const graph = readOnnx(await readFile('model.onnx'));
 * await writeFile('half.onnx', writeOnnx(graph, { weights: 'f16' }));
 */
export function writeOnnx(graph: Graph, options: OnnxOptions = {}): Uint8Array {
  if (!isGraph(graph)) throw new LanewiseError('INVALID_INPUT', 'writeOnnx takes a graph, such as readOnnx gives');
  checkOptions('writeOnnx', options, { weights: 1, producer: 1 } satisfies OptionNames<OnnxOptions>);
  const { weights = 'f32', producer = { name: 'lanewise' } } = options;
  checkWeights(weights);
  if (!isOptions(producer) || typeof producer.name !== 'string' || typeof (producer.version ?? '') !== 'string') {
    throw new LanewiseError('INVALID_INPUT', 'the producer is an object of texts, { name, version? }');
  }
  for (const node of allNodes(graph)) checkVersion(node, graph.opsets.get(node.domain));
  const list = [...graph.inputs, ...graph.outputs].find(({ list }) => list);
  if (list)
    throw new LanewiseError(
      'UNSUPPORTED',
      `'${list.name}' is ${list.list === 'sequence' ? 'a sequence' : 'an optional'}, which Lanewise does not write`,
    );
  const halves = new Set<string>();
  // Branches and bodies may read a value before the Cast, so they need one of their own.
  const captured = new Set(graph.nodes.flatMap(({ captures = [] }) => captures));
  for (const [name, constant] of graph.constants) {
    if (!captured.has(name) && storedAs(`the initializer '${name}'`, constant, weights) === 'float16') halves.add(name);
  }
  const nodes = halve(graph, halves);
  const parts: Part[] = [
    ...nodes.flatMap((node) => embedded(1, nodeParts(node))),
    fields((pbf) => writeText(pbf, 2, graph.name || 'graph')),
    ...[...graph.constants].flatMap(([name, constant]) =>
      embedded(5, tensorParts(name, `the initializer '${name}'`, constant, halves.has(name) ? 'float16' : storageType(constant))),
    ),
    fields((pbf) => {
      for (const { name, type, dims } of graph.inputs) writeValue(pbf, 11, name, type, dims);
      for (const { name, type, dims } of statedOutputs(graph)) writeValue(pbf, 12, name, type, dims);
    }),
  ];
  return joined([
    fields((pbf) => {
      pbf.writeVarintField(1, irVersion(graph.opsets.get('') ?? 0));
      writeText(pbf, 2, producer.name);
      if (producer.version !== undefined) writeText(pbf, 3, producer.version);
    }),
    ...embedded(7, parts),
    fields((pbf) => {
      for (const [domain, version] of graph.opsets) writePair(pbf, 8, domain, () => writeInt(pbf, 2, version));
      for (const [key, value] of graph.metadata) {
        if (key !== 'producer_name' && key !== 'producer_version') writePair(pbf, 14, key, () => writeText(pbf, 2, value));
      }
    }),
  ]);
}

/** @throws LanewiseError UNSUPPORTED */
function checkVersion({ op, domain, name, opset }: GraphNode, version: number | undefined): void {
  if (opset === undefined || opset === version) return;
  const title = `node '${name}', of a function, is ${domain && `${domain}.`}${op} of opset ${opset}`;
  throw new LanewiseError('UNSUPPORTED', `${title}, and the model is of opset ${version}: a file without functions has one`);
}

/** StringStringEntryProto and OperatorSetIdProto. */
function writePair(pbf: PbfWriter, field: number, key: string, writeValue: () => void): void {
  const write = () => {
    writeText(pbf, 1, key);
    writeValue();
  };
  pbf.writeMessage(field, write, null);
}

/** ValueInfoProto. */
function writeValue(pbf: PbfWriter, field: number, name: string, type: DataType | undefined, dims: readonly Dim[] | undefined): void {
  const message = (number: number, write: () => void) => pbf.writeMessage(number, write, null);
  const writeShape = (dims: readonly Dim[]) => () => {
    for (const dim of dims) {
      message(1, () => {
        if (typeof dim === 'number') pbf.writeVarintField(1, dim);
        else if (dim !== '') writeText(pbf, 2, dim);
      });
    }
  };
  message(field, () => {
    writeText(pbf, 1, name);
    if (!type) return;
    message(2, () =>
      message(1, () => {
        pbf.writeVarintField(1, typeCode(type));
        if (dims) message(2, writeShape(dims));
      }),
    );
  });
}

function nodeParts({ op, domain, name, inputs, outputs, attributes, kinds }: GraphNode): Part[] {
  return [
    fields((pbf) => {
      for (const input of inputs) writeText(pbf, 1, input);
      for (const output of outputs) writeText(pbf, 2, output);
      if (name) writeText(pbf, 3, name);
      writeText(pbf, 4, op);
      if (domain) writeText(pbf, 7, domain);
    }),
    ...[...attributes].flatMap(([key, value]) => {
      const label = `the attribute '${key}' of node '${name}'`;
      return embedded(5, attributeParts(key, label, domain === '' ? widenedType(key, value) : value, kinds?.get(key)));
    }),
  ];
}

/** A branch or a body: ONNX allows its values to have no type, but then no shape either. */
function subgraphParts(name: string, { inputs, outputs, nodes, constants }: Subgraph): Part[] {
  return [
    ...nodes.flatMap((node) => embedded(1, nodeParts(node))),
    fields((pbf) => writeText(pbf, 2, name)),
    ...[...constants].flatMap(([name, constant]) =>
      embedded(5, tensorParts(name, `the initializer '${name}'`, constant, storageType(constant))),
    ),
    fields((pbf) => {
      for (const [field, values] of [
        [11, inputs],
        [12, outputs],
      ] as const) {
        for (const { name, type, dims } of values) writeValue(pbf, field, name, dims && type, dims);
      }
    }),
  ];
}

/** Attributes that hold an element type by its number. */
const typeAttributes = ['to', 'dtype', 'output_dtype', 'output_datatype'];

function widenedType(name: string, value: Attribute): Attribute {
  const half = value === typeCode('float16') || value === typeCode('bfloat16');
  return half && typeAttributes.includes(name) ? typeCode('float32') : value;
}

function attributeParts(name: string, label: string, value: Attribute, stated: AttributeKind | undefined): Part[] {
  const graphs = [value].flat().filter((item): item is Subgraph => typeof item === 'object' && 'nodes' in item);
  if (graphs.length > 0) {
    const [code, field] = Array.isArray(value) ? [10, 11] : [5, 6];
    const head = fields((pbf) => {
      writeText(pbf, 1, name);
      pbf.writeVarintField(20, code);
    });
    return [head, ...graphs.flatMap((graph) => embedded(field, subgraphParts(name, graph)))];
  }
  const kind = kindOf(label, value, stated);
  const [code, field] = attributeKinds[kind];
  const head = fields((pbf) => {
    writeText(pbf, 1, name);
    for (const item of Array.isArray(value) ? value : [value]) {
      if (kind === 'string' || kind === 'strings') writeText(pbf, field, item);
      else if (kind === 'int' || kind === 'ints') writeInt(pbf, field, item);
      else if (kind !== 'tensor') pbf.writeFloatField(field, Number(item));
    }
    pbf.writeVarintField(20, code);
  });
  if (kind !== 'tensor') return [head];
  const tensor = value as Constant;
  return [head, ...embedded(field, tensorParts(tensor.name, label, tensor, storageType(tensor)))];
}

function kindOf(label: string, value: Attribute, stated: AttributeKind | undefined): AttributeKind {
  const isWhole = (item: unknown) => typeof item === 'bigint' || Number.isSafeInteger(item);
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number' || typeof value === 'bigint') return stated === 'float' || !isWhole(value) ? 'float' : 'int';
  if (Array.isArray(value)) {
    if (typeof value[0] === 'string' || (value.length === 0 && stated === 'strings')) return 'strings';
    return stated === 'floats' || !value.every(isWhole) ? 'floats' : 'ints';
  }
  if ('read' in value) return 'tensor';
  const what = 'unsupported' in value ? value.unsupported : typeof value;
  throw new LanewiseError('UNSUPPORTED', `${label} is a ${what}, which Lanewise does not write`);
}

const storageType = ({ packed, type }: Constant): StoredType => packed ?? type;

function tensorParts(name: string, label: string, constant: Constant, stored: StoredType): Part[] {
  const length = storedSize(label, constant, stored);
  const head = fields((pbf) => {
    for (const dim of constant.dims) writeInt(pbf, 1, dim);
    pbf.writeVarintField(2, typeCode(stored));
    if (name) writeText(pbf, 8, name);
  });
  // A tensor without elements has no data field, not even an empty one.
  return length === 0 ? [head] : [head, ...embedded(9, [{ length, bytes: () => storedBytes(label, constant, stored) }])];
}
