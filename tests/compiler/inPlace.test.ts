// Outputs that take the place of an input that nobody needs any more.

import { BinaryArg, ClampArg, ConvArg, Op, UnaryArg, WindowArg, WinogradArg } from '../../assembly/opcodes.ts';
import { type CompileOptions, compile } from '../../src/compiler/compile.ts';
import { verify } from '../../src/compiler/verify.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { planSource } from '../../src/load.ts';
import type { Args, Pointer } from '../../src/plan/place.ts';
import { isHost, type Plan } from '../../src/plan/plan.ts';
import { Model } from '../../src/runtime/model.ts';
import { type GraphSpec, graphOf, type NodeSpec } from '../kernels/graph.ts';
import { eachVariant, moduleOf, runGraph } from '../kernels/run.ts';
import { array, type NdArray, random } from '../reference/index.ts';

const DIMS = [2, 5, 3, 3];
const x = random(DIMS, 1);
const y = random(DIMS, 2);

const planOf = (spec: GraphSpec, inPlace = true, winograd: CompileOptions['winograd'] = false): Plan =>
  compile(graphOf(spec), {
    dims: new Map(Object.entries(spec.inputs).map(([name, dims]) => [name, dims as number[]])),
    inPlace,
    winograd,
    verify,
  });

/** The words of a plan's instructions of one kind. */
const wordsOf = (plan: Plan, op: Op): Args[] => plan.steps.flatMap((step) => (!isHost(step) && step.op === op ? [step.args] : []));

const addressOf = (word: Args[number] | undefined): number => {
  const { buffer, offset } = word as Pointer;
  return buffer.offset + offset;
};

const node = (op: string, inputs: string[], output: string, attributes: NodeSpec['attributes'] = {}): NodeSpec => ({
  op,
  inputs,
  outputs: [output],
  attributes,
});

eachVariant((variant) => {
  /** In place the results are the same to the bit. @returns the plan in place */
  function check(spec: GraphSpec, feeds: Record<string, NdArray>, winograd: CompileOptions['winograd'] = false): Plan {
    const run = (inPlace: boolean) => runGraph(graphOf(spec), feeds, { variant, inPlace, winograd });
    expect(run(true)).toEqual(run(false));
    return planOf(spec, true, winograd);
  }

  describe.each([
    ['Relu', node('Relu', ['a'], 'b')],
    ['Sigmoid', node('Sigmoid', ['a'], 'b')],
    ['LRN', node('LRN', ['a'], 'b', { size: 3 })],
    ['Softmax', node('Softmax', ['a'], 'b', { axis: 1 })],
    ['LogSoftmax', node('LogSoftmax', ['a'], 'b', { axis: 1 })],
    ['BatchNormalization', node('BatchNormalization', ['a', 'c', 'c', 'c', 'c'], 'b')],
    ['a sum, left', node('Add', ['a', 'y'], 'b')],
    ['a difference, right', node('Sub', ['f', 'a'], 'b')],
    ['a sum with itself', node('Add', ['a', 'a'], 'b')],
    ['a product per channel', node('Mul', ['f', 'a'], 'b')],
    ['a product with a number', node('Mul', ['a', 'n'], 'b')],
    ['PRelu', node('PRelu', ['a', 'f'], 'b')],
    ['a fed limit', node('Clip', ['a', 'low', 'high'], 'b')],
  ])('%s', (_, own) => {
    const spec = (outputs: string[]): GraphSpec => ({
      inputs: { x: DIMS, y: DIMS, low: [], high: [] },
      constants: { c: random([5], 3, 0.5, 1.5), f: random([5, 1, 1], 4), n: array([], Float32Array.of(3)) },
      // Channels-last on both sides.
      nodes: [node('MaxPool', ['x'], 'a', { kernel_shape: [1, 1] }), own, node('MaxPool', ['b'], 'z', { kernel_shape: [1, 1] })],
      outputs,
    });
    const feeds = { x, y, low: array([], [-0.5]), high: array([], [0.5]) };

    test('lies where its input lay', () => {
      const same = (plan: Plan) => {
        const [first, last] = wordsOf(plan, Op.MaxPool) as [Args, Args];
        return addressOf(last[WindowArg.Input]) === addressOf(first[WindowArg.Output]);
      };
      expect(same(check(spec(['z']), feeds))).toBe(true);
      expect(same(planOf(spec(['z']), false))).toBe(false);
    });

    test('but not where that one is read later, or is an output', () => {
      const { nodes, ...rest } = spec(['z', 't']);
      for (const other of [node('Add', ['a', 'z'], 't'), node('Neg', ['a'], 't')]) check({ ...rest, nodes: [...nodes, other] }, feeds);
      check(spec(['a', 'z']), feeds);
      check(spec(['b', 'a']), feeds);
    });
  });

  test('a chain needs one place', () => {
    const nodes = ['Relu', 'Sigmoid', 'Neg', 'Exp', 'Abs'].map((op, i) => node(op, [i === 0 ? 'x' : `v${i - 1}`], `v${i}`));
    expect(check({ inputs: { x: DIMS }, nodes }, { x }).arenaBytes).toBe(384);
  });

  test('of two inputs that end the first is overwritten; one that broadcasts is not', () => {
    const spec = (b: number[]): GraphSpec => ({
      inputs: { x: DIMS, y: b },
      nodes: [node('Neg', ['x'], 'a'), node('Abs', ['y'], 'b'), node('Sub', ['b', 'a'], 'c')],
    });
    const [sub] = wordsOf(check(spec(DIMS), { x, y }), Op.Binary) as [Args];
    expect(addressOf(sub[BinaryArg.Output])).toBe(addressOf(sub[BinaryArg.A]));
    const vector = random([5, 1, 1], 3);
    const [broadcast] = wordsOf(check(spec([5, 1, 1]), { x, y: vector }), Op.Binary) as [Args];
    expect(addressOf(broadcast[BinaryArg.Output])).toBe(addressOf(broadcast[BinaryArg.B]));
    expect(addressOf(broadcast[BinaryArg.Output])).not.toBe(addressOf(broadcast[BinaryArg.A]));
  });

  test('a value that is read twice, in two ways, stays', () => {
    // The second is the first turned: by the time it is read it would have been written over.
    const square = random([4, 4], 1);
    const nodes = [node('Neg', ['x'], 'a'), node('Reshape', ['a', 'shape'], 'r'), node('Sub', ['a', 'r'], 'b')];
    const shape = { name: 'shape', type: 'int64' as const, dims: [3], read: () => BigInt64Array.of(4n, 1n, 4n) };
    const plan = check({ inputs: { x: [4, 4] }, constants: { shape }, nodes }, { x: square });
    const [sub] = wordsOf(plan, Op.Binary) as [Args];
    expect(addressOf(sub[BinaryArg.Output])).not.toBe(addressOf(sub[BinaryArg.A]));
  });

  test.each([
    ['one block of the depth', 5, 1, true],
    ['one block of several sums', 300, 1, true],
    ['two blocks of the depth', 1700, 1, false],
    ['one block of 3×3 taps', 100, 3, true],
    ['two blocks of 3×3 taps', 190, 3, false],
  ])('a residual, the convolution having %s', (_, channels, taps, inPlace) => {
    const wide = random([2, channels, 3, 3], 4, -0.1, 0.1);
    const spec: GraphSpec = {
      inputs: { x: DIMS, wide: wide.dims },
      constants: { w: random([5, channels, taps, taps], 5) },
      nodes: [
        node('MaxPool', ['x'], 'a', { kernel_shape: [1, 1] }),
        node('Conv', ['wide', 'w'], 'b', { auto_pad: 'SAME_UPPER' }),
        node('Add', ['a', 'b'], 'c'),
        node('MaxPool', ['c'], 'z', { kernel_shape: [1, 1] }),
      ],
    };
    const plan = check(spec, { x, wide });
    const [conv] = wordsOf(plan, Op.Conv).filter((args) => args[ConvArg.Residual]) as [Args];
    expect(addressOf(conv[ConvArg.Residual]) === addressOf(conv[WindowArg.Output])).toBe(inPlace);
  });

  describe.each([
    ['plain', Op.Conv, ConvArg.Residual, false],
    ["Winograd's", Op.Winograd, WinogradArg.Residual, { size: 4, points: 6, taps: 3 }],
  ] as const)('a %s convolution', (_, op, residual, winograd) => {
    const dims = [2, 8, 6, 5];
    const feed = random(dims, 6);
    const constants = { w: random([8, 8, 3, 3], 5), u: random([8, 8, 3, 3], 7) };
    const conv = (from: string, weights: string, to: string) => node('Conv', [from, weights], to, { pads: [1, 1, 1, 1] });

    test('lies where its residual lay', () => {
      const nodes = [
        conv('x', 'u', 'a'),
        node('Sigmoid', ['x'], 's'),
        conv('s', 'w', 'b'),
        node('Add', ['a', 'b'], 'c'),
        conv('c', 'u', 'z'),
      ];
      const plan = check({ inputs: { x: dims }, constants, nodes, outputs: ['z'] }, { x: feed }, winograd);
      const [, second] = wordsOf(plan, op) as [Args, Args];
      expect(addressOf(second[residual])).toBe(addressOf(second[WindowArg.Output]));
      expect(addressOf(second[WindowArg.Input])).not.toBe(addressOf(second[WindowArg.Output]));
    });

    test('does not overwrite a residual that is its input', () => {
      const nodes = [conv('x', 'u', 'a'), conv('a', 'w', 'b'), node('Add', ['a', 'b'], 'c'), conv('c', 'u', 'z')];
      const plan = check({ inputs: { x: dims }, constants, nodes }, { x: feed }, winograd);
      const [, second] = wordsOf(plan, op) as [Args, Args];
      expect(addressOf(second[residual])).toBe(addressOf(second[WindowArg.Input]));
      expect(addressOf(second[residual])).not.toBe(addressOf(second[WindowArg.Output]));
    });
  });

  test('slices of a concatenation, and what is read of them', () => {
    const pool = { kernel_shape: [1, 1] };
    const nodes = [
      node('MaxPool', ['x'], 'a', pool),
      node('MaxPool', ['y'], 'b', pool),
      node('Concat', ['a', 'b'], 'c', { axis: 1 }),
      // The whole dies here; its part was read before.
      node('Sigmoid', ['a'], 's'),
      node('Relu', ['c'], 'r'),
      { op: 'Split', inputs: ['r'], outputs: ['p', 'q'], attributes: { axis: 1 } },
      node('Neg', ['p'], 'n'),
      node('Abs', ['q'], 'm'),
      node('Concat', ['m', 'n', 's'], 'd', { axis: 1 }),
      node('MaxPool', ['d'], 'z', pool),
    ];
    const plan = check({ inputs: { x: DIMS, y: DIMS }, nodes, outputs: ['z'] }, { x, y });
    const [relu] = wordsOf(plan, Op.Clamp) as [Args];
    expect(addressOf(relu[ClampArg.Output])).toBe(addressOf(relu[ClampArg.Input]));
    const [sigmoid] = wordsOf(plan, Op.Unary) as [Args];
    expect(addressOf(sigmoid[UnaryArg.Output])).not.toBe(addressOf(sigmoid[UnaryArg.Input]));
  });

  test('inputs are there again for the next run', () => {
    const spec: GraphSpec = { inputs: { x: DIMS }, nodes: [node('Neg', ['x'], 'a'), node('Exp', ['a'], 'b')] };
    const source = planSource(graphOf(spec), {});
    const model = new Model(source, { module: moduleOf(variant), variant }, new Map([['x', DIMS]]));
    const feed = new Tensor('float32', Float32Array.from(x.data), DIMS);
    const first = model.runSync({ x: feed });
    expect(feed.data).toEqual(Float32Array.from(x.data));
    expect(model.runSync({ x: feed })).toEqual(first);
    expect(model.profile({ x: feed })).toHaveLength(2);
    expect(model.runSync({ x: feed })).toEqual(first);
  });
});
