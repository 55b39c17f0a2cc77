// Concatenations along channels are written where they belong by whoever makes their parts, and parts of a split are read where they
// are. Every graph runs with all passes and with none.

import { add, array, conv, maxPool, type NdArray, random, relu, reshape, softmax, transpose } from '../reference/index.ts';
import { channelShuffle, concat, slice, split } from '../reference/move.ts';
import { type GraphSpec, graphOf, int64, type NodeSpec, outputsOf } from './graph.ts';
import { still } from './moves.ts';
import { kinds, nodeOf } from './pictureKinds.ts';
import { opsOf } from './plans.ts';
import { eachVariant, expectClose, runGraph } from './run.ts';

const passes = [undefined, 0] as const;
const optional = (maxPasses: number | undefined) => (maxPasses === undefined ? {} : { maxPasses });

/** Weights of a convolution that leaves its input as it is, channels-last. */
const identity = (channels: number): NdArray =>
  array(
    [channels, channels, 1, 1],
    Array.from({ length: channels ** 2 }, (_, i) => (i % (channels + 1) === 0 ? 1 : 0)),
  );

const TOLERANCE = 1e-5;

/** Those of the operators of `networks` below. */
interface NodeAttributes {
  axis: number;
  kernel_shape: number[];
  perm: number[];
  group?: number;
  pads?: number[];
  strides?: number[];
}

eachVariant((variant) => {
  const run = (spec: GraphSpec, feeds: Record<string, NdArray>, maxPasses?: number) =>
    runGraph(graphOf(spec), feeds, { variant, ...optional(maxPasses) });

  describe.each(Object.entries(kinds))('%s', (_, kind) => {
    const opset = kind.opset ?? 13;

    test.each([1, 3, 8])('makes parts, and reads them, of %i channels', (channels) => {
      if (kind.op === 'Split' && channels === 1) return;
      const x = random([2, channels, 4, 6], 7);
      const w = identity(channels);
      const { node, constants } = nodeOf(kind, channels, 'p', 'r');
      // Alone, and row-major at both ends: what its own tests are about.
      const alone: GraphSpec = { opset, inputs: { p: x.dims }, constants, nodes: [node], outputs: outputsOf(node, 0) };
      const expected = run(alone, { p: x }, 0);
      const [first] = expected as [NdArray];
      const before: NodeSpec[] = [
        { op: 'Conv', inputs: ['x', 'w'], outputs: ['p'] },
        { op: 'Conv', inputs: ['x', 'w'], outputs: ['q'] },
      ];
      const shared = { opset, inputs: { x: x.dims }, constants: { ...constants, w } };
      const around: NodeSpec = { op: 'Concat', attributes: { axis: 1 }, inputs: ['q', 'p', 'q'], outputs: ['c'] };
      for (const maxPasses of passes) {
        // A reader of what lies in a concatenation.
        const names = outputsOf(node, 0);
        const [c, ...read] = run({ ...shared, nodes: [...before, around, node], outputs: ['c', ...names] }, { x }, maxPasses);
        expectClose(c as NdArray, concat([x, x, x], 1), 0);
        expected.forEach((value, i) => {
          expectClose(read[i] as NdArray, value, TOLERANCE);
        });
        // A reader of what is part of a split, and of a slice.
        const wide = concat([random([2, 3, 4, 6], 8), x, random([2, 2, 4, 6], 9)], 1);
        const parts: NodeSpec[] = [
          { op: 'Conv', inputs: ['x', 'w'], outputs: ['v'] },
          { op: 'Split', attributes: { axis: 1 }, inputs: ['v', 'lengths'], outputs: ['before', 'p', 'after'] },
        ];
        const cut: NodeSpec = { op: 'Slice', inputs: ['v', 'start', 'end', 'axis'], outputs: ['p'] };
        const lists = {
          lengths: int64('lengths', [3, channels, 2]),
          start: int64('start', [3]),
          end: int64('end', [3 + channels]),
          axis: int64('axis', [1]),
        };
        for (const nodes of [parts, [parts[0] as NodeSpec, cut]]) {
          const spec = { ...shared, inputs: { x: wide.dims }, constants: { ...shared.constants, ...lists, w: identity(channels + 5) } };
          const results = run({ ...spec, nodes: [...nodes, node], outputs: names }, { x: wide }, maxPasses);
          expected.forEach((value, i) => {
            expectClose(results[i] as NdArray, value, TOLERANCE);
          });
        }
        // A producer of what lies in a concatenation, whose result is read channels-last as well.
        if (first.dims.length !== 4 || kind.op === 'ArgMax') continue;
        const y: NodeSpec[] = [
          {
            op: 'Concat',
            attributes: { axis: 1 },
            inputs: ['r', 'r', ...names.slice(1).filter(() => kind.attributes?.(1).axis === 1)],
            outputs: ['y'],
          },
          { op: 'MaxPool', attributes: still(first.dims), inputs: ['y'], outputs: ['z'] },
        ];
        const whole = concat([first, first, ...expected.slice(1).filter(() => kind.attributes?.(1).axis === 1)], 1);
        for (const outputs of [['y'], ['z'], ['r', 'z']]) {
          const results = run({ ...shared, nodes: [...before, node, ...y], outputs }, { x }, maxPasses);
          expectClose(results.at(-1) as NdArray, whole, TOLERANCE);
          if (outputs.length > 1) expectClose(results[0] as NdArray, first, TOLERANCE);
        }
        if (first.dims.slice(2).join() !== '4,6' || first.dims[0] !== 2) continue;
        const mixed: NodeSpec[] = [
          { op: 'Concat', attributes: { axis: 1 }, inputs: ['q', 'r', 'p'], outputs: ['y'] },
          { op: 'Concat', attributes: { axis: 1 }, inputs: ['r', 'y', 'x'], outputs: ['z'] },
        ];
        const [z] = run({ ...shared, nodes: [...before, node, ...mixed], outputs: ['z'] }, { x }, maxPasses);
        expectClose(z as NdArray, concat([first, x, first, x, x], 1), TOLERANCE);
      }
    });
  });

  describe('networks', () => {
    /** What each operator of these networks is, by the references. */
    const references: Record<string, (inputs: NdArray[], attributes: NodeAttributes) => NdArray[]> = {
      Conv: ([x, w], { pads, group = 1, strides }) => [
        conv({ x: x as NdArray, w: w as NdArray, group, ...(pads ? { pads } : {}), ...(strides ? { strides } : {}) }),
      ],
      Relu: ([x]) => [relu(x as NdArray)],
      MaxPool: ([x], { kernel_shape }) => [maxPool({ x: x as NdArray, kernelShape: kernel_shape })],
      Add: ([a, b]) => [add(a as NdArray, b as NdArray)],
      Concat: (inputs, { axis }) => [concat(inputs, axis)],
      Split: ([x, lengths], { axis }) => split(x as NdArray, Array.from(lengths?.data ?? []), axis),
      Slice: ([x, starts, ends, axes, steps]) => {
        const of = (value: NdArray | undefined) => value && Array.from(value.data);
        return [slice(x as NdArray, { starts: of(starts) ?? [], ends: of(ends) ?? [], axes: of(axes), steps: of(steps) })];
      },
      Reshape: ([x, shape]) => [reshape(x as NdArray, Array.from(shape?.data ?? []))],
      Transpose: ([x], { perm }) => [transpose(x as NdArray, perm)],
      Softmax: ([x], { axis }) => [softmax(x as NdArray, axis)],
    };

    function check(spec: GraphSpec, feeds: Record<string, NdArray>): void {
      const values = new Map(Object.entries(feeds));
      for (const [name, value] of Object.entries(spec.constants ?? {})) {
        values.set(name, 'read' in value ? array(value.dims, Array.from<number | bigint, number>(value.read(), Number)) : value);
      }
      spec.nodes.forEach((node, i) => {
        const inputs = node.inputs.map((name) => values.get(name) as NdArray);
        const results = references[node.op]?.(inputs, (node.attributes ?? {}) as unknown as NodeAttributes) ?? [];
        outputsOf(node, i).forEach((name, k) => {
          values.set(name, results[k] as NdArray);
        });
      });
      const last = outputsOf(spec.nodes.at(-1) as NodeSpec, spec.nodes.length - 1).slice(0, 1);
      for (const maxPasses of passes) {
        run(spec, feeds, maxPasses).forEach((actual, i) => {
          expectClose(actual, values.get((spec.outputs ?? last)[i] as string) as NdArray, 1e-4);
        });
      }
    }

    const same = { pads: [1, 1, 1, 1] };
    const alongChannels = { axis: 1 };
    const x = random([2, 3, 5, 4], 1);

    test.each([1, 3, 4, 8])('a dense block that grows by %i: each concatenation begins the next', (growth) => {
      const nodes: NodeSpec[] = [];
      const constants: Record<string, NdArray> = {};
      let whole = 'x';
      for (let layer = 0; layer < 4; layer++) {
        constants[`w${layer}`] = random([growth, 3 + layer * growth, 3, 3], layer + 2, -0.3, 0.3);
        nodes.push(
          { op: 'Relu', inputs: [whole], outputs: [`r${layer}`] },
          { op: 'Conv', attributes: same, inputs: [`r${layer}`, `w${layer}`], outputs: [`v${layer}`] },
          // As exporters write it, either from the last concatenation or from all parts so far.
          { op: 'Concat', attributes: alongChannels, inputs: [whole, `v${layer}`], outputs: [`c${layer}`] },
        );
        whole = `c${layer}`;
      }
      check({ inputs: { x: x.dims }, constants, nodes }, { x });
      check({ inputs: { x: x.dims }, constants, nodes, outputs: ['c1', 'c3', 'v2'] }, { x });
      const flat = nodes.map((node, i) =>
        node.op === 'Concat' ? { ...node, inputs: ['x', ...Array.from({ length: (i + 1) / 3 }, (_, k) => `v${k}`)] } : node,
      );
      check({ inputs: { x: x.dims }, constants, nodes: flat }, { x });
      const conv0: NodeSpec = { op: 'Conv', inputs: ['x', 'w'], outputs: ['first'] };
      const inner = [conv0, ...nodes.map((node) => ({ ...node, inputs: node.inputs.map((name) => (name === 'x' ? 'first' : name)) }))];
      check({ inputs: { x: x.dims }, constants: { ...constants, w: identity(3) }, nodes: inner }, { x });
      // The parts of an inner dense block are never copied.
      const graph = graphOf({ inputs: { x: x.dims }, constants: { ...constants, w: identity(3) }, nodes: inner });
      expect(opsOf(graph, { x })).not.toContain('copy');
    });

    test.each([2, 3, 4, 5, 8])('ShuffleNet units of 2 x %i channels', (half) => {
      const wide = random([2, 2 * half, 5, 4], 1);
      const constants = {
        w0: identity(2 * half),
        a: random([half, half, 1, 1], 2),
        b: random([half, 1, 3, 3], 3),
        c: random([half, half, 1, 1], 4),
        halves: int64('halves', [half, half]),
        apart: int64('apart', [2, 2, half, 5, 4]),
        back: int64('back', [2, 2 * half, 5, 4]),
      };
      const unit = (from: string, name: string): NodeSpec[] => [
        { op: 'Split', attributes: alongChannels, inputs: [from, 'halves'], outputs: [`${name}l`, `${name}r`] },
        { op: 'Conv', inputs: [`${name}r`, 'a'], outputs: [`${name}a`] },
        { op: 'Relu', inputs: [`${name}a`], outputs: [`${name}ar`] },
        { op: 'Conv', attributes: { ...same, group: half }, inputs: [`${name}ar`, 'b'], outputs: [`${name}b`] },
        { op: 'Conv', inputs: [`${name}b`, 'c'], outputs: [`${name}c`] },
        { op: 'Relu', inputs: [`${name}c`], outputs: [`${name}cr`] },
        { op: 'Concat', attributes: alongChannels, inputs: [`${name}l`, `${name}cr`], outputs: [`${name}w`] },
        { op: 'Reshape', inputs: [`${name}w`, 'apart'], outputs: [`${name}x`] },
        { op: 'Transpose', attributes: { perm: [0, 2, 1, 3, 4] }, inputs: [`${name}x`], outputs: [`${name}y`] },
        { op: 'Reshape', inputs: [`${name}y`, 'back'], outputs: [name] },
      ];
      const nodes: NodeSpec[] = [{ op: 'Conv', inputs: ['x', 'w0'], outputs: ['s'] }, ...unit('s', 'u'), ...unit('u', 'v')];
      check({ inputs: { x: wide.dims }, constants, nodes }, { x: wide });
      check({ inputs: { x: wide.dims }, constants, nodes, outputs: ['ul', 'uw', 'v'] }, { x: wide });
      const [shuffled] = run(
        {
          inputs: { x: wide.dims },
          constants: { w0: constants.w0, apart: constants.apart, back: constants.back },
          nodes: [{ op: 'Conv', inputs: ['x', 'w0'], outputs: ['uw'] }, ...unit('', 'u').slice(-3)],
        },
        { x: wide },
      );
      expectClose(shuffled as NdArray, channelShuffle(wide, 2), 0);
    });

    const constants = {
      w: identity(3),
      k: random([4, 3, 3, 3], 2),
      constant: random([2, 2, 5, 4], 3),
      one: int64('one', [1]),
      two: int64('two', [2]),
      lengths: int64('lengths', [2, 1, 4]),
      flat: int64('flat', [2, -1]),
    };
    const start: NodeSpec[] = [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['a'] },
      { op: 'Conv', attributes: same, inputs: ['x', 'k'], outputs: ['b'] },
      { op: 'Relu', inputs: ['b'], outputs: ['r'] },
    ];
    const joined = (inputs: string[], output: string): NodeSpec => ({ op: 'Concat', attributes: alongChannels, inputs, outputs: [output] });

    test.each<[string, NodeSpec[], string[]]>([
      ['twice in one', [joined(['a', 'a', 'r', 'a'], 'y')], ['y']],
      ['in two', [joined(['a', 'r'], 'y'), joined(['r', 'a'], 'z')], ['y', 'z']],
      ['an output as well', [joined(['r', 'a'], 'y')], ['a', 'y']],
      ['the same output twice', [joined(['r', 'a'], 'y')], ['y', 'y']],
      ['inputs of the network', [joined(['x', 'a', 'x'], 'y')], ['y']],
      ['inputs only', [joined(['x', 'x'], 'y')], ['y']],
      ['constants', [joined(['constant', 'a', 'constant'], 'y')], ['y']],
      ['constants first, then all', [joined(['constant', 'constant'], 'c'), joined(['a', 'c'], 'y')], ['y']],
      ['one alone', [joined(['a'], 'y'), { op: 'Relu', inputs: ['y'], outputs: ['z'] }], ['z']],
      ['of concatenations', [joined(['a', 'r'], 'c'), joined(['r', 'a'], 'd'), joined(['c', 'd', 'c'], 'y')], ['y']],
      ['of a concatenation with itself', [joined(['a', 'r'], 'c'), joined(['c', 'c'], 'd'), joined(['d', 'd'], 'y')], ['y']],
      ['a prefix, then the whole', [joined(['a', 'r'], 'c'), joined(['a', 'r', 'a'], 'y'), joined(['c', 'y'], 'z')], ['c', 'y', 'z']],
      ['a middle that is a concatenation elsewhere', [joined(['r', 'a'], 'c'), joined(['a', 'r', 'a', 'x'], 'y')], ['c', 'y']],
      ['three deep', [joined(['a', 'r'], 'c'), joined(['c', 'b'], 'd'), joined(['d', 'a'], 'e'), joined(['e', 'r'], 'y')], ['y']],
      [
        'the split of a concatenation, and a concatenation of that in another order',
        [
          joined(['a', 'r'], 'c'),
          { op: 'Split', attributes: alongChannels, inputs: ['c', 'lengths'], outputs: ['s', 't', 'u'] },
          joined(['u', 's', 't'], 'y'),
          { op: 'Conv', inputs: ['t', 'one w'], outputs: ['z'] },
        ],
        ['y', 'z'],
      ],
      [
        'the split of a split',
        [
          joined(['a', 'r'], 'c'),
          { op: 'Split', attributes: alongChannels, inputs: ['c', 'lengths'], outputs: ['s', 't', 'u'] },
          { op: 'Split', attributes: alongChannels, inputs: ['u', 'halves'], outputs: ['m', 'n'] },
          { op: 'Add', inputs: ['m', 's'], outputs: ['o'] },
          joined(['o', 't', 'n'], 'y'),
        ],
        ['y'],
      ],
      [
        'slices along channels, also in steps',
        [
          joined(['a', 'r'], 'c'),
          { op: 'Slice', inputs: ['c', 'one', 'five', 'one'], outputs: ['s'] },
          { op: 'Slice', inputs: ['c', 'one', 'five', 'one', 'two'], outputs: ['t'] },
          joined(['t', 's', 'c'], 'y'),
        ],
        ['y'],
      ],
      [
        'readers that want rows',
        [
          joined(['a', 'r'], 'c'),
          { op: 'Reshape', inputs: ['a', 'flat'], outputs: ['s'] },
          { op: 'Transpose', attributes: { perm: [0, 2, 3, 1] }, inputs: ['c'], outputs: ['t'] },
          { op: 'Softmax', attributes: alongChannels, inputs: ['r'], outputs: ['u'] },
          joined(['u', 'c'], 'y'),
        ],
        ['s', 't', 'u', 'y'],
      ],
      [
        'a residual that lies in a concatenation, and a sum that does',
        [
          joined(['a', 'r'], 'c'),
          { op: 'Conv', inputs: ['a', 'w'], outputs: ['s'] },
          { op: 'Add', inputs: ['s', 'a'], outputs: ['t'] },
          { op: 'Relu', inputs: ['t'], outputs: ['u'] },
          joined(['u', 'c'], 'y'),
        ],
        ['y'],
      ],
      [
        'along other axes',
        [
          { op: 'Concat', attributes: { axis: 2 }, inputs: ['a', 'x'], outputs: ['c'] },
          { op: 'Concat', attributes: { axis: -1 }, inputs: ['c', 'c'], outputs: ['y'] },
          { op: 'Concat', attributes: { axis: 0 }, inputs: ['y', 'y'], outputs: ['z'] },
          { op: 'Concat', attributes: { axis: -3 }, inputs: ['z', 'z'], outputs: ['all'] },
        ],
        ['y', 'all'],
      ],
    ])('%s', (_, nodes, outputs) => {
      const more = { 'one w': random([2, 1, 1, 1], 4), halves: int64('halves', [2, 2]), five: int64('five', [5]) };
      check({ inputs: { x: x.dims }, constants: { ...constants, ...more }, nodes: [...start, ...nodes], outputs }, { x });
    });
  });
});
