import fc from 'fast-check';
import { receptiveField } from '../../src/analysis/arithmetic.ts';
import { summarize } from '../../src/analysis/summarize.ts';
import type { LayerSummary } from '../../src/analysis/summary.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { type GraphSpec, graphOf, int64, type NodeSpec } from '../kernels/graph.ts';
import { array, averagePool, conv, maxPool, type NdArray, random, sizeOf } from '../reference/index.ts';
import { changedAlong, type Range, rangesOf, seenBy } from './seen.ts';

interface Layer {
  kind: 'Conv' | 'MaxPool' | 'AveragePool';
  kernel: number;
  stride: number;
  dilation: number;
  /** Before and behind. */
  padding: [number, number];
}

const layers = (most: number, stride: fc.Arbitrary<number> = fc.integer({ min: 1, max: 3 })): fc.Arbitrary<Layer[]> =>
  fc.array(
    fc
      .record({
        kind: fc.constantFrom('Conv' as const, 'MaxPool' as const, 'AveragePool' as const),
        kernel: fc.integer({ min: 1, max: 4 }),
        stride,
        dilation: fc.integer({ min: 1, max: 2 }),
        padding: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
      })
      // Pools may not be padded by a whole window.
      .map((layer) => ({ ...layer, padding: layer.padding.map((side) => Math.min(side, layer.kernel - 1)) as [number, number] })),
    { minLength: 1, maxLength: most },
  );

const extentOf = ({ kernel, dilation }: Layer) => (kernel - 1) * dilation + 1;

/** A weight that is never 0 and never cancels another. */
const filter = (kernel: number): NdArray =>
  array(
    [1, 1, kernel],
    Float64Array.from({ length: kernel }, (_, i) => 1 + i / 8),
  );

function apply(layer: Layer, x: NdArray): NdArray {
  const window = { strides: [layer.stride], pads: layer.padding, dilations: [layer.dilation] };
  if (layer.kind === 'Conv') return conv({ x, w: filter(layer.kernel), ...window });
  return (layer.kind === 'MaxPool' ? maxPool : averagePool)({ x, kernelShape: [layer.kernel], ...window });
}

const nodeOf = (layer: Layer, from: string, to: string): NodeSpec => ({
  op: layer.kind,
  inputs: layer.kind === 'Conv' ? [from, `w${layer.kernel}`] : [from],
  outputs: [to],
  name: to,
  attributes: { kernel_shape: [layer.kernel], strides: [layer.stride], dilations: [layer.dilation], pads: layer.padding },
});

const filters = Object.fromEntries([1, 2, 3, 4].map((kernel) => [`w${kernel}`, filter(kernel)]));

const chain = (stack: readonly Layer[], from: string, prefix: string): NodeSpec[] =>
  stack.map((layer, i) => nodeOf(layer, i === 0 ? from : `${prefix}${i - 1}`, `${prefix}${i}`));

/** The outputs whose view touches no padding, of the picture or of a map in between. */
function undisturbed(stack: readonly Layer[], length: number): number[] {
  const sizes = [length];
  for (const layer of stack) {
    const [begin, end] = layer.padding;
    sizes.push(Math.floor(((sizes.at(-1) ?? 0) + begin + end - extentOf(layer)) / layer.stride) + 1);
  }
  return Array.from({ length: sizes.at(-1) ?? 0 }, (_, i) => i).filter((position) => {
    let [first, last] = [position, position];
    return [...stack].reverse().every((layer, back) => {
      first = first * layer.stride - layer.padding[0];
      last = last * layer.stride - layer.padding[0] + extentOf(layer) - 1;
      return first >= 0 && last < (sizes[stack.length - 1 - back] ?? 0);
    });
  });
}

const lengthFor = (stack: readonly Layer[]): number => {
  const { size, stride } = receptiveField(stack.map(({ kernel, stride, dilation }) => ({ kernel, stride, dilation })));
  return size + 4 * stride + 8;
};

interface Field {
  size: number;
  stride: number;
  offset: number;
}

/** Along the width. */
const fieldOf = (layer: LayerSummary | undefined): Field => ({
  size: layer?.receptiveField?.[1] ?? Number.NaN,
  stride: layer?.receptiveFieldStride?.[1] ?? Number.NaN,
  offset: layer?.receptiveFieldOffset?.[1] ?? Number.NaN,
});

const predicted = ({ size, stride, offset }: Field, position: number): Range => [
  offset + position * stride,
  offset + position * stride + size - 1,
];

describe('against pixels that are changed one by one', () => {
  test('stacks of convolutions and pools: size, stride and offset', () => {
    fc.assert(
      fc.property(layers(4), (stack) => {
        const length = lengthFor(stack);
        const outputs = changedAlong([1, 1, length], 2, 1e6).map((x) => stack.reduce((y, layer) => apply(layer, y), x));
        const ranges = rangesOf(outputs, 2);
        const graph = graphOf({ opset: 19, inputs: { x: [1, 1, length] }, constants: filters, nodes: chain(stack, 'x', 'y') });
        const field = fieldOf(summarize(graph).layers.at(-1));
        const clear = undisturbed(stack, length);
        // Two tell the stride.
        expect(clear.length).toBeGreaterThan(1);
        for (const position of clear) expect([position, ranges[position]]).toEqual([position, predicted(field, position)]);
        expect(receptiveField(stack)).toEqual(field);
      }),
      { numRuns: 60 },
    );
  });

  test('paths that meet, aligned or not', () => {
    const keep = ({ padding: [side], ...layer }: Layer): Layer => {
      // What keeps the size, anywhere before and behind.
      const total = (layer.kernel - 1) * layer.dilation;
      const begin = Math.min(side, total);
      return { ...layer, kind: 'Conv', padding: [begin, total - begin] };
    };
    const path = layers(3, fc.constant(1)).map((stack) => stack.map(keep));
    fc.assert(
      fc.property(layers(2), path, path, fc.constantFrom('Add', 'Concat'), (stem, left, right, op) => {
        const length = lengthFor([...stem, ...left, ...right]);
        const outputs = changedAlong([1, 1, length], 2, 1e6).map((x) => {
          const y = stem.reduce((value, layer) => apply(layer, value), x);
          const [a, b] = [left, right].map((stack) => stack.reduce((value, layer) => apply(layer, value), y)) as [NdArray, NdArray];
          return { dims: [1, 2, sizeOf(a.dims)], data: Float64Array.from([...a.data, ...b.data]) };
        });
        const ranges = rangesOf(outputs, 2);
        const last = `s${stem.length - 1}`;
        const nodes = [...chain(stem, 'x', 's'), ...chain(left, last, 'l'), ...chain(right, last, 'r')];
        nodes.push({
          op,
          inputs: [`l${left.length - 1}`, `r${right.length - 1}`],
          ...(op === 'Concat' ? { attributes: { axis: 1 } } : {}),
        });
        const graph = graphOf({ opset: 19, inputs: { x: [1, 1, length] }, constants: filters, nodes });
        const field = fieldOf(summarize(graph).layers.at(-1));
        const clear = undisturbed([...stem, ...left], length).filter((position) =>
          undisturbed([...stem, ...right], length).includes(position),
        );
        expect(clear.length).toBeGreaterThan(1);
        for (const position of clear) expect([position, ranges[position]]).toEqual([position, predicted(field, position)]);
      }),
      { numRuns: 40 },
    );
  });
});

/** Nodes over the picture 'x', each reading the one before it. */
interface Case {
  nodes: Omit<NodeSpec, 'inputs'>[];
  /** More inputs of the nodes, by index. */
  more?: Record<number, string[]>;
  constants?: GraphSpec['constants'];
  opset?: number;
  dims?: number[];
  /** Of the input and of the output; 3 where left out. */
  axis?: number;
  outputAxis?: number;
}

function caseGraph({ nodes, more = {}, constants = {}, opset = 18, dims = [1, 2, 3, 24] }: Case): { graph: Graph; dims: number[] } {
  const named = nodes.map((node, i): NodeSpec => {
    return { ...node, inputs: [i === 0 ? 'x' : `y${i - 1}`, ...(more[i] ?? [])], outputs: [`y${i}`] };
  });
  const graph = graphOf({ opset, inputs: { x: ['N', ...dims.slice(1)] }, constants, nodes: named });
  return { graph, dims };
}

function look(spec: Case): { field: Field; ranges: Range[]; layer: LayerSummary | undefined } {
  const { graph, dims } = caseGraph(spec);
  const axis = spec.axis ?? 3;
  const layer = summarize(graph).layers.at(-1);
  return { layer, field: fieldOf(layer), ranges: seenBy(graph, dims, axis, spec.outputAxis ?? axis) };
}

const ones = (...dims: number[]) => random(dims, 7, 0.5, 1);
const wide = (op: string, attributes: NodeSpec['attributes'] = {}) => ({
  op,
  attributes: { kernel_shape: [1, 3], pads: [0, 1, 0, 1], ...attributes },
});

describe('larger and smaller pictures', () => {
  /** Positions with the same place in the period start `stride` times the period apart; the largest of all is the size. */
  function check(spec: Case, period: number, [from, to]: [number, number], expected: Field): void {
    const { field, ranges } = look(spec);
    expect(field).toEqual(expected);
    const inside = ranges.slice(from, to);
    // Some may see nothing at all.
    expect(Math.max(...inside.map((range) => (range ? range[1] - range[0] + 1 : 0)))).toBe(field.size);
    let compared = 0;
    inside.forEach((range, i) => {
      if ((from + i) % period !== 0) return;
      expect([from + i, range?.[0]]).toEqual([from + i, field.offset + (from + i) * field.stride]);
      compared++;
    });
    expect(compared).toBeGreaterThan(1);
  }

  const up = (kernel: number, stride: number, pads: number[], dilation = 1): Case => ({
    nodes: [{ op: 'ConvTranspose', attributes: { strides: [1, stride], pads, dilations: [1, dilation] } }],
    more: { 0: ['w'] },
    constants: { w: ones(2, 2, 1, kernel) },
  });

  test.each([
    [up(2, 2, [0, 0, 0, 0]), 2, [2, 40], { size: 1, stride: 0.5, offset: 0 }],
    [up(4, 2, [0, 1, 0, 1]), 2, [4, 40], { size: 2, stride: 0.5, offset: -1 }],
    [up(3, 2, [0, 0, 0, 0]), 2, [4, 40], { size: 2, stride: 0.5, offset: -1 }],
    [up(5, 3, [0, 2, 0, 2]), 3, [6, 60], { size: 2, stride: 1 / 3, offset: 0 }],
    [up(3, 2, [0, 0, 0, 0], 2), 2, [4, 40], { size: 3, stride: 0.5, offset: -2 }],
    [up(3, 2, [0, 0, 0, 0], 3), 2, [6, 40], { size: 4, stride: 0.5, offset: -3 }],
    [up(3, 1, [0, 1, 0, 1]), 1, [1, 23], { size: 3, stride: 1, offset: -1 }],
  ] as [Case, number, [number, number], Field][])('ConvTranspose %#', check);

  const resize = (scale: number, attributes: NodeSpec['attributes'], after: Case['nodes'] = []): Case => ({
    nodes: [{ op: 'Resize', attributes }, ...after],
    more: { 0: ['', 'scales'], 1: ['w'] },
    constants: { scales: array([4], [1, 1, 1, scale]), w: ones(1, 2, 1, 3) },
  });

  test.each([
    [resize(2, { mode: 'nearest' }), 2, [2, 46], { size: 1, stride: 0.5, offset: 0 }],
    [resize(2, { mode: 'linear' }), 2, [2, 46], { size: 2, stride: 0.5, offset: -1 }],
    [resize(2, { mode: 'cubic' }), 2, [6, 40], { size: 4, stride: 0.5, offset: -2 }],
    [resize(2, { mode: 'linear', coordinate_transformation_mode: 'asymmetric' }), 2, [2, 46], { size: 2, stride: 0.5, offset: 0 }],
    [resize(0.5, { mode: 'linear' }), 1, [1, 11], { size: 2, stride: 2, offset: 0 }],
    [resize(0.5, { mode: 'linear', antialias: 1 }), 1, [1, 11], { size: 4, stride: 2, offset: -1 }],
    [resize(0.5, { mode: 'cubic', antialias: 1 }), 1, [2, 10], { size: 8, stride: 2, offset: -3 }],
    [resize(1.5, { mode: 'linear' }), 3, [3, 33], { size: 2, stride: 2 / 3, offset: -1 }],
    [resize(0.75, { mode: 'nearest' }), 3, [3, 15], { size: 1, stride: 4 / 3, offset: 0 }],
    [resize(2, { mode: 'nearest' }, [wide('Conv')]), 2, [4, 44], { size: 2, stride: 0.5, offset: -1 }],
    [resize(2, { mode: 'linear' }, [wide('Conv')]), 2, [6, 42], { size: 3, stride: 0.5, offset: -1 }],
    [resize(2, { mode: 'linear' }, [wide('Conv', { strides: [1, 2] })]), 1, [3, 21], { size: 3, stride: 1, offset: -1 }],
  ] as [Case, number, [number, number], Field][])('Resize %#', check);

  test('Upsample, DepthToSpace and SpaceToDepth', () => {
    const scales = array([4], [1, 1, 1, 3]);
    check({ nodes: [{ op: 'Upsample' }], more: { 0: ['s'] }, constants: { s: scales }, opset: 9 }, 3, [0, 72], {
      size: 1,
      stride: 1 / 3,
      offset: 0,
    });
    const shuffle: Case = {
      nodes: [
        { op: 'Conv', attributes: { kernel_shape: [1, 1] } },
        { op: 'DepthToSpace', attributes: { blocksize: 2 } },
      ],
    };
    check({ ...shuffle, more: { 0: ['w'] }, constants: { w: ones(4, 2, 1, 1) } }, 2, [0, 48], { size: 1, stride: 0.5, offset: 0 });
    const space: Case = { nodes: [{ op: 'SpaceToDepth', attributes: { blocksize: 4 } }], dims: [1, 1, 4, 24] };
    check(space, 1, [0, 6], { size: 4, stride: 4, offset: 0 });
  });

  test('an antialiased picture, and positions that nothing reaches', () => {
    // A stride of 3 and 2 taps leave every third position to the bias.
    const holes = look(up(2, 3, [0, 0, 0, 0]));
    expect(holes.field).toEqual({ size: 1, stride: 1 / 3, offset: 0 });
    expect(holes.ranges.slice(0, 4)).toEqual([[0, 0], [0, 0], undefined, [1, 1]]);
  });

  test('Pad and Slice move the field', () => {
    const pads = int64('pads', [0, 0, 0, 2, 0, 0, 0, 1]);
    check({ nodes: [{ op: 'Pad' }], more: { 0: ['pads'] }, constants: { pads } }, 1, [2, 26], { size: 1, stride: 1, offset: -2 });
    const crop = { starts: int64('starts', [3]), ends: int64('ends', [23]), axes: int64('axes', [3]), steps: int64('steps', [2]) };
    const slice: Case = { nodes: [{ op: 'Slice' }, wide('MaxPool')], more: { 0: Object.keys(crop) }, constants: crop };
    check(slice, 1, [1, 9], { size: 5, stride: 2, offset: 1 });
  });

  test('parts of a split picture', () => {
    const nodes: NodeSpec[] = [
      { op: 'Split', inputs: ['x', 'lengths'], outputs: ['a', 'b'], attributes: { axis: 3 } },
      { op: 'Identity', inputs: ['b'], outputs: ['y'] },
    ];
    const graph = graphOf({ inputs: { x: ['N', 1, 1, 9] }, constants: { lengths: int64('lengths', [4, 5]) }, nodes });
    expect(fieldOf(summarize(graph).layers.at(-1))).toEqual({ size: 1, stride: 1, offset: 4 });
    expect(seenBy(graph, [1, 1, 1, 9], 3)[0]).toEqual([4, 4]);
  });
});

describe('what looks at the whole picture', () => {
  const statistics = { scale: random([2], 1), bias: random([2], 2) };
  test.each([
    ['GlobalAveragePool', { nodes: [{ op: 'GlobalAveragePool' }] }],
    ['ReduceMean', { nodes: [{ op: 'ReduceMean', attributes: { axes: [2, 3], keepdims: 0 } }], opset: 13, outputAxis: 9 }],
    ['Flatten and Gemm', { nodes: [{ op: 'Flatten' }, { op: 'Gemm' }], more: { 1: ['w'] }, constants: { w: ones(144, 5) }, outputAxis: 9 }],
    ['InstanceNormalization', { nodes: [{ op: 'InstanceNormalization' }], more: { 0: ['scale', 'bias'] }, constants: statistics }],
    ['Softmax along the width', { nodes: [{ op: 'Softmax', attributes: { axis: 3 } }], dims: [1, 1, 1, 6] }],
    [
      'a pool, then larger again',
      { nodes: [{ op: 'GlobalMaxPool' }, { op: 'Resize' }], more: { 1: ['', 's'] }, constants: { s: array([4], [1, 1, 3, 5]) } },
    ],
    [
      'rows of pixels and their mean',
      {
        nodes: [{ op: 'Reshape' }, { op: 'ReduceMean', attributes: { axes: [2], keepdims: 0 } }],
        more: { 0: ['shape'] },
        constants: { shape: int64('shape', [0, 2, 72]) },
        opset: 13,
        outputAxis: 9,
      },
    ],
  ] as [string, Case][])('%s', (_, spec) => {
    const { layer, ranges } = look(spec);
    const [height = 3, width = 24] = spec.dims?.slice(2) ?? [];
    expect(layer).toMatchObject({
      receptiveField: [height, width],
      receptiveFieldStride: [height === 1 ? 1 : 0, 0],
      receptiveFieldOffset: [0, 0],
    });
    for (const range of ranges) expect(range).toEqual([0, width - 1]);
  });

  test('a row that a stride leaves over is not seen', () => {
    const { layer, ranges } = look({
      nodes: [{ op: 'MaxPool', attributes: { kernel_shape: [1, 4], strides: [1, 4] } }, { op: 'GlobalMaxPool' }],
      dims: [1, 1, 3, 23],
    });
    expect(layer?.receptiveField).toEqual([3, 20]);
    expect(ranges).toEqual([[0, 19]]);
  });

  test('squeeze and excitation: everything behind it sees everything', () => {
    const nodes: NodeSpec[] = [
      { op: 'GlobalAveragePool', inputs: ['x'], outputs: ['mean'] },
      { op: 'Mul', inputs: ['x', 'mean'], outputs: ['scaled'] },
      { op: 'MaxPool', inputs: ['scaled'], outputs: ['y'], attributes: { kernel_shape: [3, 3], strides: [2, 2] } },
    ];
    const graph = graphOf({ inputs: { x: ['N', 1, 5, 9] }, nodes });
    expect(summarize(graph).layers.slice(1)).toEqual(
      [0, 0].map(() => expect.objectContaining({ receptiveField: [5, 9], receptiveFieldStride: [0, 0], receptiveFieldOffset: [0, 0] })),
    );
    for (const range of seenBy(graph, [1, 1, 5, 9], 3)) expect(range).toEqual([0, 8]);
  });
});

describe('positions that move', () => {
  test('pictures that come as NHWC', () => {
    const transpose = (perm: number[]) => ({ op: 'Transpose', attributes: { perm } });
    const spec: Case = {
      nodes: [
        { op: 'Sub' },
        transpose([0, 3, 1, 2]),
        { op: 'MaxPool', attributes: { kernel_shape: [2, 3], strides: [2, 3] } },
        transpose([0, 2, 3, 1]),
      ],
      more: { 0: ['mean'] },
      constants: { mean: random([3], 1) },
      dims: [1, 6, 24, 3],
      axis: 2,
    };
    const { layer, ranges } = look(spec);
    expect(layer).toMatchObject({ receptiveField: [2, 3], receptiveFieldStride: [2, 3], receptiveFieldOffset: [0, 0] });
    expect(ranges.map((range) => range?.[0])).toEqual([0, 3, 6, 9, 12, 15, 18, 21]);
  });

  test('a shuffle of channels, and a norm over the channels of NHWC, move nothing', () => {
    const shuffle: Case = {
      nodes: [{ op: 'Reshape' }, { op: 'Transpose', attributes: { perm: [0, 2, 1, 3, 4] } }, { op: 'Reshape' }, wide('AveragePool')],
      more: { 0: ['split'], 2: ['join'] },
      constants: { split: int64('split', [0, 2, 2, 3, 24]), join: int64('join', [0, 4, 3, 24]) },
      dims: [1, 4, 3, 24],
    };
    const norm: Case = {
      nodes: [
        { op: 'Transpose', attributes: { perm: [0, 2, 3, 1] } },
        { op: 'LayerNormalization' },
        { op: 'MatMul' },
        { op: 'Transpose', attributes: { perm: [0, 3, 1, 2] } },
        wide('AveragePool'),
      ],
      more: { 1: ['scale'], 2: ['w'] },
      constants: { scale: ones(4), w: ones(4, 4) },
      dims: [1, 4, 3, 24],
    };
    for (const spec of [shuffle, norm]) {
      const { field, ranges } = look(spec);
      expect(field).toEqual({ size: 3, stride: 1, offset: -1 });
      expect(ranges[5]).toEqual([4, 6]);
    }
  });

  test('a single spatial dimension is the width', () => {
    const graph = graphOf({
      inputs: { x: ['N', 1, 20] },
      nodes: [{ op: 'MaxPool', inputs: ['x'], attributes: { kernel_shape: [5], strides: [2], pads: [2, 2] } }],
    });
    expect(summarize(graph).layers[0]).toMatchObject({
      receptiveField: [1, 5],
      receptiveFieldStride: [1, 2],
      receptiveFieldOffset: [0, -2],
    });
  });
});

describe('nothing is said where nothing can be', () => {
  const none = (spec: GraphSpec) => expect(summarize(graphOf(spec)).layers.at(-1)).not.toHaveProperty('receptiveField');

  test('a picture without rows', () => none({ inputs: { x: [1, 3, 0, 4] }, nodes: [{ op: 'Relu', inputs: ['x'] }] }));
  test('rows of numbers', () => none({ inputs: { x: [1, 8] }, nodes: [{ op: 'Relu', inputs: ['x'] }] }));
  test('paths whose strides differ', () => {
    // Two pictures, one of which is twice as large.
    const nodes: NodeSpec[] = [
      { op: 'MaxPool', inputs: ['large'], outputs: ['small2'], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
      { op: 'Add', inputs: ['small2', 'small'] },
    ];
    none({ inputs: { large: [1, 1, 8, 8], small: [1, 1, 4, 4] }, nodes });
  });
  test('pictures set side by side, read backwards or along a path', () => {
    none({ inputs: { x: [1, 1, 4, 4] }, nodes: [{ op: 'Concat', inputs: ['x', 'x'], attributes: { axis: 3 } }] });
    none({
      inputs: { x: [1, 1, 4, 4] },
      constants: { starts: int64('starts', [3]), ends: int64('ends', [-5]), axes: int64('axes', [3]), steps: int64('steps', [-1]) },
      nodes: [{ op: 'Slice', inputs: ['x', 'starts', 'ends', 'axes', 'steps'] }],
    });
    none({ inputs: { x: [1, 1, 4, 4], grid: [1, 4, 4, 2] }, opset: 16, nodes: [{ op: 'GridSample', inputs: ['x', 'grid'] }] });
  });
  test('factors for channels that are computed from columns of the picture', () => {
    const constants = { s: random([4], 1), v: random([4], 2, 1, 2) };
    for (const [op, inputs] of [
      ['BatchNormalization', ['x', 'columns', 's', 's', 'v']],
      ['InstanceNormalization', ['x', 'columns', 's']],
    ] as const) {
      const nodes: NodeSpec[] = [
        { op: 'ReduceMean', inputs: ['x'], outputs: ['columns'], attributes: { axes: [0, 1, 2], keepdims: 0 } },
        { op, inputs: [...inputs] },
      ];
      none({ inputs: { x: [1, 4, 3, 4] }, constants, nodes });
    }
  });
  test('a picture cut into tiles by reshaping', () => {
    none({ inputs: { x: [1, 1, 4, 4] }, constants: { s: int64('s', [1, 4, 2, 2]) }, nodes: [{ op: 'Reshape', inputs: ['x', 's'] }] });
  });
});
