import { readOnnx } from '../../src/formats/onnx/index.ts';
import { writeOnnx } from '../../src/formats/onnx/writer.ts';
import { type Graph, type Subgraph, subgraphsOf } from '../../src/graph/graph.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { load } from '../../src/load.ts';
import { defineOp } from '../../src/ops/custom.ts';
import { failure } from '../failure.ts';
import { encodeModel, type FunctionSpec, type ModelSpec, type NodeSpec } from './onnx-writer.ts';

const read = (spec: ModelSpec) => readOnnx(encodeModel(spec), 'm.onnx');
const refusal = (spec: ModelSpec) => {
  const { code, message } = failure(() => read(spec));
  return `${code} ${message}`;
};

/** A model of functions of the domain 'd' that are called by `nodes`, from x to y. */
const model = (functions: readonly Partial<FunctionSpec>[], nodes: readonly NodeSpec[], more: ModelSpec = {}): ModelSpec => ({
  inputs: [{ name: 'x', dims: [4] }],
  outputs: [{ name: 'y' }],
  opset: { '': 13, d: 1 },
  ...more,
  functions: functions.map((spec, i) => ({ domain: 'd', name: `F${i}`, inputs: ['a'], outputs: ['b'], ...spec })),
  nodes: nodes.map((node) => (node.op.startsWith('F') ? { domain: 'd', ...node } : node)),
});

/** Nodes in a line each, and those of their branches behind. */
const lines = ({ nodes }: Pick<Graph, 'nodes'> | Subgraph): string[] =>
  nodes.flatMap((node) => [
    `${node.name}: ${node.op}(${node.inputs}) -> ${node.outputs}`,
    ...subgraphsOf(node).flatMap((graph) => [
      ...lines(graph).map((line) => `  ${line}`),
      `  gives ${graph.outputs.map(({ name }) => name)}`,
    ]),
  ]);

const run = async (spec: ModelSpec, data = [-1, 0.5, 2, 3]) => {
  const loaded = await load(encodeModel(spec));
  const { y } = await loaded.run({ x: new Tensor('float32', data, [4]) });
  loaded.dispose();
  return Array.from(y?.data ?? [], Number);
};

describe('functions of a model', () => {
  const silu: Partial<FunctionSpec> = {
    inputs: ['self'],
    outputs: ['ret'],
    nodes: [
      { op: 'Sigmoid', name: 's', inputs: ['self'], outputs: ['tmp'] },
      { op: 'Mul', name: 'm', inputs: ['self', 'tmp'], outputs: ['ret'] },
    ],
  };

  test('take the places of the nodes that call them, each with values of its own', async () => {
    const spec = model(
      [silu],
      [
        { op: 'F0', name: 'one', inputs: ['x'], outputs: ['tmp'] },
        { op: 'F0', name: 'two', inputs: ['tmp'], outputs: ['y'] },
      ],
    );
    const graph = read(spec);
    expect(lines(graph)).toEqual([
      'one/s: Sigmoid(x) -> one/tmp',
      'one/m: Mul(x,one/tmp) -> tmp',
      'two/s: Sigmoid(tmp) -> two/tmp',
      'two/m: Mul(tmp,two/tmp) -> y',
    ]);
    expect(graph.opsets).toEqual(new Map([['', 13]]));
    const silly = (x: number) => x / (1 + Math.exp(-x));
    const y = await run(spec);
    [-1, 0.5, 2, 3].forEach((x, i) => void expect(y[i]).toBeCloseTo(silly(silly(x)), 6));
  });

  test('call each other, and are told apart by their overload', () => {
    const graph = read(
      model(
        [
          { nodes: [{ op: 'F1', name: 'in', domain: 'd', inputs: ['a'], outputs: ['b'], overload: 'two' }] },
          { name: 'F1', nodes: [{ op: 'Abs', inputs: ['a'], outputs: ['b'] }] },
          { name: 'F1', overload: 'two', nodes: [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }] },
        ],
        [{ op: 'F0', name: 'n', inputs: ['x'], outputs: ['y'] }],
      ),
    );
    expect(lines(graph)).toEqual(['n/in/Neg_0: Neg(x) -> y']);
  });

  test('are read wherever they stand in the file, whatever the order of their nodes', () => {
    const spec = model(
      [
        {
          nodes: [
            { op: 'Neg', name: 'second', inputs: ['t'], outputs: ['b'] },
            { op: 'Abs', name: 'first', inputs: ['a'], outputs: ['t'] },
          ],
        },
      ],
      [{ op: 'F0', name: 'n', inputs: ['x'], outputs: ['y'] }],
    );
    const [one, two] = [encodeModel({ ...spec, nodes: [], inputs: [], outputs: [] }), encodeModel({ ...spec, functions: [] })];
    // The functions, then the graph: messages merge.
    const graph = readOnnx(Buffer.concat([one, two]), 'm.onnx');
    expect(lines(graph)).toEqual(['n/first: Abs(x) -> n/t', 'n/second: Neg(n/t) -> y']);
  });

  test('take the attributes of the call, or their own defaults, or leave them out', () => {
    const inner: Partial<FunctionSpec> = {
      attributes: ['alpha', 'gamma', 'list', 'rest'],
      defaults: { beta: { float: 2 } },
      nodes: [
        {
          op: 'Any',
          inputs: ['a'],
          outputs: ['b'],
          attributes: {
            first: { ref: 'alpha' },
            second: { ref: 'beta' },
            third: { ref: 'gamma' },
            l: { ref: 'list' },
            rest: { ref: 'rest' },
            own: 7,
          },
        },
      ],
    };
    const outer: Partial<FunctionSpec> = {
      attributes: ['factor'],
      nodes: [
        {
          op: 'F0',
          domain: 'd',
          inputs: ['a'],
          outputs: ['b'],
          attributes: { alpha: { ref: 'factor' }, rest: { ref: 'nothing' }, list: { floats: [1] } },
        },
      ],
    };
    const call = (attributes: NodeSpec['attributes'], op = 'F0') =>
      read(model([inner, outer], [{ op, inputs: ['x'], outputs: ['y'], ...(attributes && { attributes }) }])).nodes[0];
    const direct = call({ alpha: { float: 1 }, list: [3, 4], gamma: 'g' });
    expect(direct?.attributes).toEqual(
      new Map<string, unknown>([
        ['first', 1],
        ['second', 2],
        ['third', 'g'],
        ['l', [3, 4]],
        ['own', 7],
      ]),
    );
    expect(direct?.kinds).toEqual(
      new Map([
        ['first', 'float'],
        ['second', 'float'],
      ]),
    );
    const whole = call({ beta: 5 });
    expect(whole?.attributes.get('second')).toBe(5);
    expect(whole).not.toHaveProperty('kinds');
    const nested = call({ factor: { float: 0.5 } }, 'F1');
    expect([nested?.attributes.get('first'), nested?.attributes.has('rest'), nested?.attributes.get('l')]).toEqual([0.5, false, [1]]);
    expect(nested?.kinds?.get('l')).toBe('floats');
    expect(call(undefined, 'F1')?.attributes.has('first')).toBe(false);
  });

  test('may be given less than they take, and asked for less than they make', async () => {
    const clip: Partial<FunctionSpec> = {
      inputs: ['a', 'low', 'high'],
      outputs: ['least', 'b', 'low'],
      nodes: [
        { op: 'Unknown', name: 'dead', inputs: ['a'], outputs: ['least'] },
        { op: 'Clip', name: 'c', inputs: ['a', 'low', 'high'], outputs: ['b'] },
      ],
    };
    const initializers = [{ name: 'one', dims: [], data: [1] }];
    const last = model([clip], [{ op: 'F0', name: 'n', inputs: ['x', '', 'one'], outputs: ['', 'y'] }], { initializers });
    expect(lines(read(last))).toEqual(['n/c: Clip(x,,one) -> y']);
    expect(await run(last)).toEqual([-1, 0.5, 1, 1]);
    const first = model([clip], [{ op: 'F0', name: 'n', inputs: ['x', 'one'], outputs: ['', 'y'] }], { initializers });
    expect(lines(read(first))).toEqual(['n/c: Clip(x,one,) -> y']);
    expect(await run(first)).toEqual([1, 1, 2, 3]);
  });

  test('may give back an input, or a value twice', async () => {
    const spec = model(
      [{ outputs: ['a', 'b', 'b'], nodes: [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }] }],
      [
        { op: 'F0', name: 'n', inputs: ['x'], outputs: ['p', 'q', 'r'] },
        { op: 'Sum', inputs: ['p', 'q', 'r'], outputs: ['y'] },
      ],
    );
    expect(lines(read(spec)).slice(0, 3)).toEqual(['n/Neg_0: Neg(x) -> q', 'n/p: Identity(x) -> p', 'n/r: Identity(q) -> r']);
    expect(await run(spec)).toEqual([1, -0.5, -2, -3]);
  });

  test('hold branches, and are called in them', () => {
    const branch = (op: string) => ({
      graph: { nodes: [{ op, domain: op === 'F1' ? 'd' : '', name: 'c', inputs: ['a'], outputs: ['t'] }], outputs: [{ name: 't' }] },
    });
    const functions: Partial<FunctionSpec>[] = [
      {
        inputs: ['a', 'cond'],
        nodes: [
          { op: 'If', name: 'if', inputs: ['cond'], outputs: ['b'], attributes: { then_branch: branch('F1'), else_branch: branch('Abs') } },
        ],
      },
      {
        attributes: ['alpha'],
        nodes: [
          { op: 'Neg', name: 'neg', inputs: ['a'], outputs: ['t'] },
          { op: 'Elu', name: 'elu', inputs: ['t'], outputs: ['b'] },
        ],
      },
    ];
    const graph = read(
      model(functions, [{ op: 'F0', name: 'n', inputs: ['x', 'flag'], outputs: ['y'] }], {
        inputs: [
          { name: 'x', dims: [4] },
          { name: 'flag', type: 'bool', dims: [] },
        ],
      }),
    );
    expect(lines(graph)).toEqual([
      'n/if: If(flag) -> y',
      '  n/c/neg: Neg(x) -> n/if/then_branch/c/t',
      '  n/c/elu: Elu(n/if/then_branch/c/t) -> t',
      '  gives t',
      '  n/c: Abs(x) -> n/if/else_branch/t',
      '  gives n/if/else_branch/t',
    ]);
    expect(graph.nodes[0]?.captures).toEqual(['x']);
  });

  test('have operator sets of their own', async () => {
    const spec = model(
      [{ opset: { '': 6, other: 3 }, nodes: [{ op: 'Clip', inputs: ['a'], outputs: ['b'], attributes: { min: { float: 0 } } }] }],
      [
        { op: 'Identity', inputs: ['x'], outputs: ['t'] },
        { op: 'F0', name: 'n', inputs: ['t'], outputs: ['y'] },
      ],
    );
    const graph = read(spec);
    expect(graph.nodes.map(({ opset }) => opset)).toEqual([undefined, 6]);
    // Read as opset 13 has it, the attribute would not be known.
    expect(await run(spec)).toEqual([0, 0.5, 2, 3]);
    expect(failure(() => writeOnnx(graph)).message).toBe(
      "node 'n/Clip_0', of a function, is Clip of opset 6, and the model is of opset 13: a file without functions has one",
    );
    const old = {
      ...spec,
      opset: { '': 20, d: 1 },
      functions: [
        {
          domain: 'd',
          name: 'F0',
          inputs: ['a'],
          outputs: ['b'],
          opset: { '': 18 },
          nodes: [{ op: 'Gelu', inputs: ['a'], outputs: ['b'] }],
        },
      ],
    };
    await expect(load(encodeModel(old))).rejects.toThrow("Gelu of opset 18 (supported from opset 20 on) (node 'n/Gelu_0')");
    const foreign = read(
      model(
        [{ opset: { '': 13, other: 3 }, nodes: [{ op: 'Odd', domain: 'other', inputs: ['a'], outputs: ['b'] }] }],
        [{ op: 'F0', inputs: ['x'], outputs: ['y'] }],
      ),
    );
    expect(foreign.opsets).toEqual(new Map(Object.entries({ '': 13, other: 3 })));
    expect(foreign.nodes[0]?.opset).toBeUndefined();
  });

  test('are written where they are called', () => {
    const graph = read(model([silu], [{ op: 'F0', name: 'n', inputs: ['x'], outputs: ['y'] }]));
    const again = readOnnx(writeOnnx(graph), 'again.onnx');
    expect(lines(again)).toEqual(lines(graph));
    expect(again.opsets).toEqual(graph.opsets);
  });

  test('stand behind operators: those of ONNX, and the options', async () => {
    const own = defineOp({
      domain: 'd',
      name: 'F0',
      inputs: 1,
      run: ({ inputs: [a], outputs: [b] }) => (b.data as Float32Array).set((a.data as Float32Array).map((v) => v * 10)),
    });
    const spec = model([{ nodes: [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }] }], [{ op: 'F0', inputs: ['x'], outputs: ['y'] }]);
    const loaded = await load(encodeModel(spec), { operators: [own] });
    const { y } = await loaded.run({ x: new Tensor('float32', [1, 2, 3, 4]) });
    expect(Array.from(y?.data ?? [], Number)).toEqual([10, 20, 30, 40]);
    loaded.dispose();
    const relu = model(
      [{ domain: '', name: 'Relu', nodes: [{ op: 'Neg', inputs: ['a'], outputs: ['b'] }] }],
      [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
    );
    expect(await run(relu)).toEqual([0, 0.5, 2, 3]);
  });

  const call: NodeSpec = { op: 'F0', name: 'n', inputs: ['x'], outputs: ['y'] };
  const neg: NodeSpec = { op: 'Neg', inputs: ['a'], outputs: ['b'] };
  const calls = (op: string, name = 'c'): NodeSpec => ({ op, name, domain: 'd', inputs: ['a'], outputs: ['b'] });
  test.each<[string, ModelSpec, string]>([
    ['that call themselves', model([{ nodes: [calls('F0')] }], [call]), "INVALID_MODEL m.onnx: function 'd.F0' calls itself"],
    [
      'that call each other in a circle',
      model([{ nodes: [calls('F1')] }, { nodes: [calls('F2')] }, { nodes: [calls('F1')] }], [call]),
      "INVALID_MODEL m.onnx: function 'd.F1' calls itself by way of function 'd.F2'",
    ],
    [
      'that lie too deep in each other',
      model([...Array.from({ length: 40 }, (_, i) => ({ nodes: [calls(`F${i + 1}`)] })), { nodes: [neg] }], [call]),
      `UNSUPPORTED m.onnx: node 'n${'/c'.repeat(32)}' lies in more than 32 functions, one called by the other`,
    ],
    [
      'of one name',
      model([{ nodes: [neg] }, { name: 'F0', nodes: [neg] }], [call]),
      "INVALID_MODEL m.onnx: there is more than one function 'd.F0'",
    ],
    ['that produce a value twice', model([{ nodes: [neg, neg] }], [call]), "INVALID_MODEL m.onnx: function 'd.F0' produces 'b' twice"],
    [
      'that overwrite their input',
      model([{ nodes: [{ ...neg, outputs: ['a'] }] }], [call]),
      "INVALID_MODEL m.onnx: function 'd.F0' produces 'a' twice",
    ],
    ['that do not make what they give', model([{}], [call]), "INVALID_MODEL m.onnx: nothing produces the output 'b' of function 'd.F0'"],
    [
      'with two inputs of one name',
      model([{ inputs: ['a', 'a'], nodes: [neg] }], [call]),
      "INVALID_MODEL m.onnx: function 'd.F0' needs a name of its own for each input",
    ],
    [
      'that read what is around their call',
      model([{ nodes: [{ op: 'Add', inputs: ['a', 'x'], outputs: ['b'] }] }], [call]),
      "INVALID_MODEL m.onnx: function 'd.F0' reads 'x', which none of its inputs and nodes produces",
    ],
    [
      'that get too many inputs',
      model([{ nodes: [neg] }], [{ ...call, inputs: ['x', 'x'] }]),
      "INVALID_MODEL m.onnx: node 'n' has 2 inputs, function 'd.F0' has 1",
    ],
    [
      'that are asked for too many outputs',
      model([{ nodes: [neg] }], [{ ...call, outputs: ['y', 'z'] }]),
      "INVALID_MODEL m.onnx: node 'n' has 2 outputs, function 'd.F0' has 1",
    ],
    [
      'that give back what they do not get',
      model([{ inputs: ['a', 'c'], outputs: ['c'], nodes: [neg] }], [call]),
      "INVALID_MODEL m.onnx: node 'n' leaves out its input 'c', which function 'd.F0' gives back",
    ],
    [
      'that get a graph as an attribute',
      model(
        [{ attributes: ['g'], nodes: [{ ...neg, op: 'If', attributes: { then_branch: { ref: 'g' } } }] }],
        [{ ...call, attributes: { g: { graph: { nodes: [], outputs: [{ name: 'x' }] } } } }],
      ),
      "UNSUPPORTED m.onnx: node 'n/If_0' takes a graph from the attribute 'g' of node 'n'",
    ],
  ])('are refused %s', (_, spec, message) => {
    expect(refusal(spec)).toBe(message);
  });

  test('outside a function no attribute refers to a call', async () => {
    const spec = model([], [{ op: 'Elu', name: 'e', inputs: ['x'], outputs: ['y'], attributes: { alpha: { ref: 'beta' } } }]);
    await expect(load(encodeModel(spec))).rejects.toMatchObject({
      code: 'INVALID_MODEL',
      message: "Elu 'e': attribute 'alpha' is not a finite number",
    });
  });

  /** Each calls the next twice. */
  const doubling = (levels: number, nodes: NodeSpec[] = [neg]): Partial<FunctionSpec>[] => [
    ...Array.from({ length: levels }, (_, i) => ({
      nodes: [
        { ...calls(`F${i + 1}`), outputs: ['t'] },
        { ...calls(`F${i + 1}`), inputs: ['t'] },
      ],
    })),
    { nodes },
  ];

  test('may make thousands of nodes', () => {
    expect(read(model(doubling(13), [call])).nodes).toHaveLength(2 ** 13);
  });

  /** What it takes, in seconds of the processor. */
  const seconds = (action: () => void): number => {
    const before = process.cpuUsage().user;
    action();
    return (process.cpuUsage().user - before) / 1e6;
  };

  test.each<[string, ModelSpec]>([
    ['double thirty times', model(doubling(30), [call])],
    ['double and do nothing', model(doubling(30, [{ op: 'Identity', inputs: ['a'], outputs: ['b'] }]), [call])],
    [
      'have many inputs and are called often',
      model([{ inputs: Array.from({ length: 4000 }, (_, i) => (i ? `a${i}` : 'a')), nodes: [neg] }], Array(4000).fill(call)),
    ],
  ])('are refused in a moment where they %s', (_, spec) => {
    const bytes = encodeModel(spec);
    let message = '';
    const taken = seconds(() => {
      message = failure(() => readOnnx(bytes, 'm.onnx')).message;
    });
    expect(message).toBe("m.onnx: the model's functions are called so often that they make more nodes than Lanewise takes");
    expect(taken).toBeLessThan(3);
  });

  const negs = (count: number): NodeSpec[] => Array.from({ length: count }, (_, i) => ({ op: 'Neg', inputs: ['x'], outputs: [`v${i}`] }));
  const chain = Array.from({ length: 10_000 }, (_, i): NodeSpec => ({ ...call, inputs: [i ? `t${i}` : 'x'], outputs: [`t${i + 1}`] }));
  // Engines compare long names of one length letter by letter.
  const long = 'long'.repeat(1 << 16);
  test.each<[string, number, ModelSpec]>([
    ['are called under a long name', 4096, model(doubling(12), [{ ...call, name: long }])],
    ['are called by one name ten thousand times', 10_000, model([{ nodes: [neg] }], chain, { outputs: [{ name: 't10000' }] })],
    [
      'are none, but a branch under a long name has the names of what is around it',
      2001,
      {
        inputs: [{ name: 'x', dims: [1] }],
        nodes: [
          ...negs(2000),
          { op: 'If', name: long, inputs: ['x'], outputs: ['y'], attributes: { then_branch: { graph: { nodes: negs(2000) } } } },
        ],
      },
    ],
  ])('are read in a moment where they %s', (_, count, spec) => {
    const bytes = encodeModel(spec);
    const taken = seconds(() => void expect(readOnnx(bytes, 'm.onnx').nodes).toHaveLength(count));
    expect(taken).toBeLessThan(3);
  });
});
