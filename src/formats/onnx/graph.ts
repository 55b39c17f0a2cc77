import type { Attribute, Dim, GraphInput, GraphNode, GraphOutput, Subgraph } from '../../graph/graph.ts';
import { isPacked, maxRank, widened } from '../bytes.ts';
import { readTensor, storedType, tensorParts } from './tensor.ts';
import { FIXED32, type GraphParts, VARINT, type Wire } from './wire.ts';

/** AttributeProto.AttributeType, in order. */
const kindNames =
  'undefined float int string tensor graph floats ints strings tensors graphs sparse_tensor sparse_tensors type_proto type_protos'.split(
    ' ',
  );

/** The value's kind by the field of AttributeProto that holds it, because files of IR 1 do not state the kind. */
const kindOfField: Record<number, number> = {
  2: 1,
  3: 2,
  4: 3,
  5: 4,
  6: 5,
  7: 6,
  8: 7,
  9: 8,
  10: 9,
  11: 10,
  22: 11,
  23: 12,
  14: 13,
  15: 14,
};

export const domainOf = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

export type Kinds = Map<string, 'float' | 'floats' | 'strings'>;

/** Reads an AttributeProto into `attributes`. */
export function readAttribute(wire: Wire, attributes: Map<string, Attribute>, stated: Kinds): void {
  const node = wire.where;
  let place = `an attribute of ${node}`;
  let name = '';
  let kind = 0;
  let seen = 0;
  let reference = '';
  let float = 0;
  let int: number | bigint = 0;
  let string = '';
  let tensor: ReturnType<typeof tensorParts> | undefined;
  const floats: number[] = [];
  const ints: (number | bigint)[] = [];
  const strings: string[] = [];
  const graphs: Subgraph[] = [];
  wire.message(place, (field) => {
    seen = kindOfField[field] ?? seen;
    if (field === 1) {
      name = wire.string();
      wire.where = place = `the attribute '${name}' of ${node}`;
    } else if (field === 2) float = wire.float();
    else if (field === 3) int = wire.int();
    else if (field === 4) string = wire.string();
    else if (field === 5) {
      tensor ??= tensorParts(wire, place);
      tensor.read();
    } else if (field === 6 || field === 11) {
      if (wire.extras) graphs.push(wire.extras.subgraph(wire, place));
      else wire.lacksExtras = true;
    } else if (field === 7) wire.each(FIXED32, (value) => floats.push(value as number));
    else if (field === 8) wire.each(VARINT, (value) => ints.push(value));
    else if (field === 9) strings.push(wire.string());
    else if (field === 20) kind = Number(wire.int());
    else if (field === 21) reference = wire.string();
  });
  if (attributes.has(name)) throw wire.fail('INVALID_MODEL', `${node} has two attributes '${name}'`);
  kind ||= seen;
  if (kind === 4 && !tensor) throw wire.fail('INVALID_MODEL', `${place} has no tensor`);
  const whole = ints.every((value) => typeof value === 'number');
  const values: Record<number, Attribute | undefined> = {
    1: float,
    2: int,
    3: string,
    4: kind === 4 ? tensor?.tensor() : undefined,
    5: graphs[0],
    6: floats,
    7: whole ? (ints as number[]) : ints.map(BigInt),
    8: strings,
    10: wire.extras && graphs,
  };
  const unsupported: Attribute = reference ? { unsupported: 'reference', reference } : { unsupported: kindNames[kind] ?? `type ${kind}` };
  attributes.set(name, (reference ? undefined : values[kind]) ?? unsupported);
  if (!reference && (kind === 1 || kind === 6)) stated.set(name, kind === 1 ? 'float' : 'floats');
  if (!reference && kind === 8 && strings.length === 0) stated.set(name, 'strings');
}

/** A node as a file states it. */
export type FileNode = GraphNode & { readonly overload?: string };

export function readNode(wire: Wire, index: number): FileNode {
  const label = `node ${index}`;
  let name = '';
  let op = '';
  let domain = '';
  let overload = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  const kinds: Kinds = new Map();
  wire.message(label, (field) => {
    if (field === 1) inputs.push(wire.string());
    else if (field === 2) outputs.push(wire.string());
    else if (field === 3) {
      name = wire.string();
      wire.where = `node '${name}'`;
    } else if (field === 4) op = wire.string();
    else if (field === 5) readAttribute(wire, attributes, kinds);
    else if (field === 7) domain = domainOf(wire.string());
    else if (field === 8) overload = wire.string();
  });
  if (!op) throw wire.fail('INVALID_MODEL', `${name ? `node '${name}'` : label} has no op_type`);
  return {
    op,
    domain,
    name: name || `${op}_${index}`,
    inputs,
    outputs,
    attributes,
    ...(kinds.size ? { kinds } : {}),
    ...(overload ? { overload } : {}),
  };
}

/** TensorShapeProto: a size, a name, or '' if unknown, which exporters write as nothing or as -1. */
function readShape(wire: Wire, label: string, dims: Dim[]): Dim[] {
  wire.message(label, (field) => {
    if (field !== 1) return;
    let dim: Dim = '';
    wire.message(label, (field) => {
      if (field === 1) {
        const value = Number(wire.int());
        if (value > Number.MAX_SAFE_INTEGER) throw wire.fail('INVALID_MODEL', `${label} has a dimension of ${value}`);
        dim = value < 0 ? '' : value;
      } else if (field === 2) dim = wire.string();
    });
    dims.push(dim);
    if (dims.length > maxRank) throw wire.fail('INVALID_MODEL', `${label} has more than ${maxRank} dimensions`);
  });
  return dims;
}

/**
 * ValueInfoProto. An input must be a tensor with a shape; an output's type and shape may be missing, and outputs that are no
 * tensors are skipped.
 */
function readValue(wire: Wire, kind: 'input' | 'output', index: number, inner?: boolean): GraphOutput {
  const strict = kind === 'input' && !inner;
  let label = `${kind} ${index}`;
  let name = '';
  let code: number | undefined;
  let dims: Dim[] | undefined;
  let list: GraphOutput['list'];
  let other = false;
  const readType = (depth: number) => {
    wire.message(label, (field) => {
      // If there are several kinds, the last counts.
      if (depth === 0 && [1, 4, 5, 8, 9].includes(field)) {
        other = field !== 1;
        list = field === 4 ? 'sequence' : field === 9 ? 'optional' : undefined;
      }
      if (field === 1) {
        wire.message(label, (field) => {
          if (field === 1) code = Number(wire.int());
          else if (field === 2) dims = readShape(wire, label, dims ?? []);
        });
      } else if ((field === 4 || field === 9) && depth < MOST_LISTS) wire.message(label, (field) => field === 1 && readType(depth + 1));
    });
  };
  wire.message(label, (field) => {
    if (field === 1) {
      name = wire.string();
      wire.where = label = `the ${kind} '${name}'`;
    } else if (field === 2) readType(0);
  });
  if (!name) throw wire.fail('INVALID_MODEL', `${label} has no name`);
  if (other && !inner) wire.lacksExtras = true;
  if (other && strict && wire.extras && !list) throw wire.fail('UNSUPPORTED', `${label} is not a tensor`);
  if (strict && !dims && !other) throw wire.fail('INVALID_MODEL', `${label} has no shape`);
  const stored = code || (strict && !other) ? storedType(wire, code ?? 0, label) : undefined;
  const type = stored && widened(stored);
  return {
    name,
    type,
    dims: list && strict ? [] : dims,
    ...(list && { list }),
    ...(stored === 'float16' && { face: stored }),
    ...(stored && isPacked(stored) && { packed: stored }),
  };
}

/** How deep sequences and optionals may be nested. */
const MOST_LISTS = 3;

/**
 * Reads the current GraphProto, part by part, without checking yet how the parts go together. Repeated messages merge.
 * @param place where it is, for a branch or a body: its inputs need neither type nor shape
 */
export function readGraph(
  wire: Wire,
  graph: GraphParts = { name: '', nodes: [], constants: new Map(), inputs: [], outputs: [] },
  place?: string,
): GraphParts {
  wire.message(place ?? 'the graph', (field) => {
    if (field === 1) graph.nodes.push(readNode(wire, graph.nodes.length));
    else if (field === 2) graph.name = wire.string();
    else if (field === 5) {
      const constant = readTensor(wire, `initializer ${graph.constants.size}`, (name) => `the initializer '${name}'`);
      if (!constant.name) throw wire.fail('INVALID_MODEL', `initializer ${graph.constants.size} has no name`);
      if (graph.constants.has(constant.name)) throw wire.fail('INVALID_MODEL', `there are two initializers '${constant.name}'`);
      graph.constants.set(constant.name, constant);
    } else if (field === 11) graph.inputs.push(readValue(wire, 'input', graph.inputs.length, place !== undefined) as GraphInput);
    else if (field === 12) graph.outputs.push(readValue(wire, 'output', graph.outputs.length));
    else if (field === 15) throw wire.fail('UNSUPPORTED', 'the graph has sparse initializers, which Lanewise does not read');
  });
  return graph;
}
