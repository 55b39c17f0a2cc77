import type { Graph } from '../../graph/graph.ts';
import { domainOf, type GraphParts, readGraph } from './graph.ts';
import { Wire } from './wire.ts';

export { readTensorProto } from './tensor.ts';

/** StringStringEntryProto and OperatorSetIdProto: two fields, the first a name. */
function readPair<T>(wire: Wire, none: T, read: () => T): [string, T] {
  let key = '';
  let value = none;
  wire.message(wire.where, (field) => {
    if (field === 1) key = wire.string();
    else if (field === 2) value = read();
  });
  return [key, value];
}

/** Each name has one producer, and every reader comes after it. */
function checkOrder(wire: Wire, { inputs, constants, nodes, outputs }: GraphParts): void {
  const known = new Set(constants.keys());
  const produce = (name: string, producer: string) => {
    if (known.has(name)) throw wire.fail('INVALID_MODEL', `${producer} produces '${name}', which exists already`);
    known.add(name);
  };
  for (const { name } of inputs) produce(name, 'an input');
  for (const node of nodes) {
    for (const name of node.inputs) {
      if (!name || known.has(name)) continue;
      throw wire.fail('INVALID_MODEL', `${node.op} '${node.name}' reads '${name}', which no input, initializer or earlier node produces`);
    }
    for (const name of node.outputs) if (name) produce(name, `${node.op} '${node.name}'`);
  }
  for (const { name } of outputs) {
    if (!known.has(name)) throw wire.fail('INVALID_MODEL', `nothing produces the output '${name}'`);
  }
}

/**
 * An ONNX model (onnx.ai/onnx/repo-docs/IR.html) of any IR version, as its file states it: operators and attributes are not judged here.
 *
 * Constants are views on `bytes`, decoded by `read()`; keep `bytes` unchanged as long as they are used. float16 and bfloat16 are float32
 * throughout. The metadata has `producer_name` and `producer_version` besides the file's own entries. Functions are not read: nodes
 * that call them stay as they are, in their domain. Domain `ai.onnx` is given as ''.
 * @param what names the file in errors
 * @throws LanewiseError INVALID_FILE for bytes that are not ONNX or are damaged; TRUNCATED_FILE where they end early; INVALID_MODEL for
 * values that are not produced, or twice, or too late, for shapes that do not fit their data, missing names, types and opsets;
 * UNSUPPORTED for external data, sparse initializers, inputs that are no tensors, and element types of strings, complex numbers and less
 * than a byte
 */
export function readOnnx(bytes: Uint8Array, what: string): Graph {
  const wire = new Wire(bytes, what, 'model');
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  const string = () => wire.string();
  let version: number | bigint = 0;
  let graph: GraphParts | undefined;
  wire.message('the model', (field) => {
    if (field === 1) version = wire.int();
    else if (field === 2) metadata.set('producer_name', string());
    else if (field === 3) metadata.set('producer_version', string());
    else if (field === 7) {
      wire.known ||= version > 0;
      graph = readGraph(wire);
    } else if (field === 8) {
      const [domain, version] = readPair(wire, 0, () => Number(wire.int()));
      opsets.set(domainOf(domain), version);
    } else if (field === 14) metadata.set(...readPair(wire, '', string));
  });
  if (!graph) throw wire.damaged('there is no graph');
  const { constants } = graph;
  graph = { ...graph, inputs: graph.inputs.filter(({ name }) => !constants.has(name)) };
  if (!opsets.size) throw wire.fail('INVALID_MODEL', 'the model has no opset_import');
  checkOrder(wire, graph);
  return { ...graph, opsets, metadata };
}
