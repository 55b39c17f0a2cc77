// Branches and bodies as the readers give them.

import { readOnnx } from '../../src/formats/onnx/index.ts';
import { writeOnnx } from '../../src/formats/onnx/writer.ts';
import { allNodes, type Graph, type Subgraph } from '../../src/graph/graph.ts';
import { failure } from '../failure.ts';
import { encodeModel, type GraphSpec, type ModelSpec, type NodeSpec } from './onnx-writer.ts';

const read = (spec: ModelSpec): Graph => readOnnx(encodeModel(spec), 'm.onnx');
const c = { name: 'c', type: 'bool' as const, dims: [] };
const x = { name: 'x', dims: [2] };
const choose = (then_branch: GraphSpec, else_branch: GraphSpec, output = 'y'): NodeSpec => ({
  op: 'If',
  name: 'if',
  inputs: ['c'],
  outputs: [output],
  attributes: { then_branch: { graph: then_branch }, else_branch: { graph: else_branch } },
});
const branchOf = (graph: Graph, name: string): Subgraph => graph.nodes.at(-1)?.attributes.get(name) as Subgraph;

describe('subgraphs', () => {
  const branch = (op: string): GraphSpec => ({
    initializers: [{ name: 'k', data: [1, 2] }],
    nodes: [
      { op: 'Add', inputs: ['t', 'k'], outputs: ['y'] },
      { op, inputs: ['x'], outputs: ['t'] },
    ],
    outputs: [{ name: 'y', type: null }],
  });
  const spec: ModelSpec = { inputs: [x, c], nodes: [choose(branch('Relu'), branch('Neg'), 'out')], outputs: [{ name: 'out' }] };

  test('have names of their own, nodes in order, and say what they read from around them', () => {
    const graph = read(spec);
    const [first, second] = [branchOf(graph, 'then_branch'), branchOf(graph, 'else_branch')];
    expect(first.nodes.map(({ op }) => op)).toEqual(['Relu', 'Add']);
    expect([...first.constants.keys()]).toEqual(['k']);
    expect([...second.constants.keys()]).toEqual(['if/else_branch/k']);
    expect(second.outputs).toMatchObject([{ name: 'if/else_branch/y' }]);
    expect(second.nodes[1]?.inputs).toEqual(['if/else_branch/t', 'if/else_branch/k']);
    expect(graph.nodes[0]?.captures).toEqual(['x']);
    expect([...allNodes(graph)].map(({ op }) => op)).toEqual(['If', 'Relu', 'Add', 'Neg', 'Add']);
    const made = [...allNodes(graph)].flatMap(({ outputs }) => outputs);
    expect(new Set(made).size).toBe(made.length);
  });

  test('come after what they read, wherever the file has them', () => {
    const nodes = [...(spec.nodes ?? []), { op: 'Exp', inputs: ['z'], outputs: ['x'] }];
    expect(read({ ...spec, inputs: [{ name: 'z', dims: [2] }, c], nodes }).nodes.map(({ op }) => op)).toEqual(['Exp', 'If']);
  });

  test('are the same once written and read again', () => {
    const graph = read(spec);
    const again = readOnnx(writeOnnx(graph), 'm.onnx');
    const strings = (graph: Graph) => JSON.stringify([...allNodes(graph)].map(({ op, inputs, outputs }) => [op, inputs, outputs]));
    expect(strings(again)).toBe(strings(graph));
    expect(again.nodes[0]?.captures).toEqual(['x']);
  });

  test('that read what nobody makes, and that lie too deep, are refused by name', () => {
    const lost: GraphSpec = {
      nodes: [{ op: 'Relu', name: 'r', inputs: ['nowhere'], outputs: ['y'] }],
      outputs: [{ name: 'y', type: null }],
    };
    expect(failure(() => read({ ...spec, nodes: [choose(lost, lost, 'out')] })).message).toBe(
      "m.onnx: If 'if' reads 'nowhere', which no input, initializer or node produces",
    );
    const one = (graph: GraphSpec): NodeSpec => ({ ...choose(graph, graph, 'out'), attributes: { then_branch: { graph } } });
    let chain = branch('Relu');
    for (let i = 0; i < 40; i++) chain = { nodes: [{ ...one(chain), outputs: ['y'] }], outputs: [{ name: 'y', type: null }] };
    expect(failure(() => read({ ...spec, nodes: [one(chain)] }))).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('more than 32 graphs, one inside the other'),
    });
  });
});
