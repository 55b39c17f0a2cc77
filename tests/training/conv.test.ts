import { compile } from '../../src/compiler/compile.ts';
import { winogradForms } from '../../src/ops/window/winograd.ts';
import { algorithmOf } from '../../src/plan/forms.ts';
import { graphOf } from '../kernels/graph.ts';
import { expectClose, runPlan } from '../kernels/run.ts';
import { conv, convGradients, convTranspose, type NdArray, random } from '../reference/index.ts';
import { backwardPlan, expectGradients } from './gradients.ts';

interface Shape {
  x: readonly number[];
  /** Filters, then the kernel. */
  w: readonly number[];
  group?: number;
  strides?: readonly number[];
  pads?: readonly number[];
  dilations?: readonly number[];
}

const shapes: Record<string, Shape> = {
  'one pixel': { x: [1, 1, 1, 1], w: [1, 1, 1] },
  'one pixel, padded': { x: [2, 3, 1, 1], w: [5, 3, 3], pads: [1, 1, 1, 1] },
  'one row': { x: [1, 4, 1, 7], w: [7, 1, 3], pads: [0, 1, 0, 1] },
  'one column': { x: [1, 5, 6, 1], w: [3, 3, 1], pads: [1, 0, 1, 0] },
  'one dimension': { x: [2, 3, 9], w: [8, 4], pads: [2, 1] },
  'one dimension, strided and dilated': { x: [1, 5, 11], w: [4, 3], strides: [2], dilations: [2], pads: [1, 3] },
  'a matrix product': { x: [3, 7, 4, 3], w: [17, 1, 1] },
  '1×1, strided': { x: [2, 8, 5, 5], w: [5, 1, 1], strides: [2, 2] },
  '1×1, padded': { x: [1, 3, 2, 3], w: [4, 1, 1], pads: [1, 0, 0, 1] },
  '3×3': { x: [2, 4, 5, 6], w: [8, 3, 3], pads: [1, 1, 1, 1] },
  '3×3 of 17 channels': { x: [1, 17, 4, 3], w: [7, 3, 3], pads: [1, 1, 1, 1] },
  '3×3 of one channel': { x: [2, 1, 5, 4], w: [17, 3, 3] },
  '3×3, all padded': { x: [1, 3, 4, 4], w: [3, 3, 3], pads: [2, 2, 2, 2] },
  '3×3, padding beyond the kernel': { x: [1, 2, 3, 3], w: [3, 3, 3], pads: [3, 0, 1, 4] },
  '3×3, padding on one side': { x: [1, 3, 5, 5], w: [4, 3, 3], pads: [0, 0, 2, 1] },
  '3×3, strided': { x: [2, 5, 7, 6], w: [4, 3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  '3×3, strides differ': { x: [1, 3, 8, 5], w: [3, 3, 3], strides: [3, 1], pads: [1, 1, 0, 1] },
  'stride over the kernel': { x: [1, 4, 8, 9], w: [3, 2, 2], strides: [4, 3] },
  'pixels that no window meets': { x: [1, 3, 7, 7], w: [4, 2, 2], strides: [3, 4], pads: [1, 0, 0, 0] },
  dilated: { x: [1, 4, 7, 6], w: [3, 3, 2], dilations: [2, 3], pads: [2, 1, 2, 2] },
  'dilated and strided': { x: [1, 3, 9, 9], w: [4, 3, 3], dilations: [2, 2], strides: [2, 2], pads: [2, 2, 2, 2] },
  '5×5': { x: [1, 3, 6, 7], w: [5, 5, 5], pads: [2, 2, 2, 2] },
  groups: { x: [2, 6, 4, 5], w: [8, 3, 3], group: 2, pads: [1, 1, 1, 1] },
  'groups, strided': { x: [1, 15, 5, 5], w: [9, 3, 3], group: 3, strides: [2, 2], pads: [1, 1, 1, 1] },
  depthwise: { x: [2, 5, 6, 5], w: [5, 3, 3], group: 5, pads: [1, 1, 1, 1] },
  'depthwise, 17 channels, 5×5': { x: [1, 17, 5, 6], w: [17, 5, 5], group: 17, pads: [2, 2, 2, 2] },
  'depthwise, strided': { x: [1, 8, 7, 6], w: [8, 3, 3], group: 8, strides: [2, 2], pads: [1, 1, 1, 1] },
  'depthwise, strided and dilated': { x: [2, 3, 9, 7], w: [3, 3, 2], group: 3, strides: [2, 3], dilations: [2, 1], pads: [0, 2, 1, 0] },
  'depthwise, narrower than the kernel': { x: [1, 4, 2, 1], w: [4, 3, 7], group: 4, pads: [1, 3, 1, 3] },
  'depthwise of one dimension': { x: [2, 7, 9], w: [7, 3], group: 7, pads: [1, 1] },
  'two filters per channel': { x: [1, 3, 5, 4], w: [6, 3, 3], group: 3, pads: [1, 1, 1, 1] },
};
const named = Object.entries(shapes);

/** Whether a transposed convolution by such windows leaves anything of its padding. */
const leaves = ({ x, w, strides = [], pads = [], dilations = [] }: Shape): boolean =>
  x.slice(2).every((size, i, { length }) => {
    const full = (size - 1) * (strides[i] ?? 1) + ((w[i + 1] as number) - 1) * (dilations[i] ?? 1) + 1;
    return full > (pads[i] ?? 0) + (pads[i + length] ?? 0);
  });

const tiled: Record<string, Shape> = {
  ...Object.fromEntries(
    named.filter(
      ([
        ,
        {
          w: [, ...kernel],
          strides,
          dilations,
        },
      ]) => kernel.join() === '3,3' && !strides && !dilations,
    ),
  ),
};
const forms = Object.keys(tiled).flatMap((name) => winogradForms.flatMap((form) => (form.taps === 3 ? [[name, form] as const] : [])));

test.each(forms)('Conv by Winograd: %s, %j', (name, winograd) => {
  const {
    x,
    w: [filters = 0, ...kernel],
    group = 1,
    ...window
  } = tiled[name] as Shape;
  expectGradients({
    op: 'Conv',
    attributes: { group, ...window },
    inputs: [random(x, 1), random([filters, (x[1] as number) / group, ...kernel], 2)],
    winograd,
    reference: ([x, w]) => conv({ x: x!, w: w!, group, ...window }),
  });
});

test.each(named)('Conv: %s', (_, { x, w: [filters = 0, ...kernel], group = 1, ...window }) => {
  const inputs = [random(x, 1), random([filters, (x[1] as number) / group, ...kernel], 2), random([filters], 3)];
  expectGradients({
    op: 'Conv',
    attributes: { group, ...window },
    inputs,
    reference: ([x, w, b]) => conv({ x: x!, w: w!, b: b!, group, ...window }),
  });
});

interface TransposedShape extends Shape {
  output_padding?: readonly number[];
  output_shape?: readonly number[];
  auto_pad?: 'SAME_UPPER';
}

const transposed: Record<string, TransposedShape> = {
  ...Object.fromEntries(named.filter(([, shape]) => leaves(shape))),
  'longer than its windows': { x: [1, 3, 3, 4], w: [4, 3, 3], strides: [3, 2], output_padding: [2, 1] },
  'longer by more than a stride': { x: [1, 3, 3, 4], w: [4, 3, 3], strides: [1, 2], output_padding: [2, 3] },
  'a given size': { x: [1, 3, 3, 4], w: [4, 3, 3], strides: [2, 2], output_shape: [9, 8] },
  'the size of the input': { x: [1, 3, 3, 4], w: [4, 3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' },
};

test.each(Object.entries(transposed))('ConvTranspose: %s', (_, { x, w: [filters = 0, ...kernel], group = 1, ...rest }) => {
  const { output_padding: outputPadding, output_shape: outputShape, auto_pad: autoPad, ...window } = rest;
  const inputs = [random(x, 1), random([x[1] as number, filters / group, ...kernel], 2), random([filters], 3)];
  const more = { ...(outputPadding && { outputPadding }), ...(outputShape && { outputShape }), ...(autoPad && { autoPad }) };
  expectGradients({
    op: 'ConvTranspose',
    attributes: { group, ...rest },
    inputs,
    reference: ([x, w, b]) => convTranspose({ x: x!, w: w!, b: b!, group, ...window, ...more }),
  });
});

test.each([
  { x: [1, 4, 1, 1], w: [8, 3, 3], pads: [1, 1, 1, 1] },
  { x: [2, 8, 9, 13], w: [17, 3, 3], pads: [1, 1, 1, 1] },
  { x: [3, 16, 8, 8], w: [16, 3, 3], pads: [1, 1, 1, 1] },
  { x: [1, 100, 6, 11], w: [8, 3, 3], pads: [0, 2, 1, 0] },
  { x: [1, 16, 12, 10], w: [24, 3, 3], group: 2, pads: [1, 1, 1, 1] },
])('weights that a run computes give the bits of constant ones: %j', ({ x, w: [filters = 0, ...kernel], group = 1, pads }) => {
  const feeds = { x: random(x, 1), w: random([filters, (x[1] as number) / group, ...kernel], 2), b: random([filters], 3) };
  const first = { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['conv'], attributes: { group, pads } };
  const y = conv({ ...feeds, group, pads });
  const residual = random(y.dims, 4);
  const nodes = [first, { op: 'Add', inputs: ['conv', 'r'], outputs: ['sum'] }, { op: 'Relu', inputs: ['sum'] }];
  const made = [['w', 'b'], []].map((constants) => {
    const all = { ...feeds, r: residual };
    const fed = Object.fromEntries(Object.entries(all).filter(([name]) => !constants.includes(name)));
    const graph = graphOf({
      inputs: Object.fromEntries(Object.entries(fed).map(([name, { dims }]) => [name, dims])),
      constants: Object.fromEntries(constants.map((name) => [name, all[name as 'w']])),
      nodes,
    });
    const dims = new Map(Object.entries(fed).map(([name, value]) => [name, value.dims]));
    const plan = compile(graph, { dims, transforms: constants.length === 0, winograd: winogradForms[0] });
    expect(plan.steps.map((step) => algorithmOf(step).kernel)).toContain(constants.length === 0 ? 'f32_winograd_rows' : 'f32_winograd');
    return runPlan(plan, fed)[0];
  });
  expect(made[1]).toEqual(made[0]);
});

/** More pixels than a block has, several parts: too many for finite differences. */
const large: Record<string, Shape> = {
  'rows of several blocks': { x: [1, 3, 600], w: [8, 5], pads: [2, 2] },
  'several pictures a block': { x: [50, 4, 4, 3], w: [8, 3, 2], pads: [1, 0, 1, 1] },
  'several blocks a picture': { x: [2, 5, 33, 29], w: [9, 3, 3], strides: [2, 1], pads: [1, 1, 1, 1] },
  'a matrix product of many pixels': { x: [3, 17, 20, 19], w: [12, 1, 1] },
  'blocks of tiles': { x: [21, 8, 15, 13], w: [17, 3, 3], pads: [1, 1, 1, 1] },
  'blocks of tiles, groups': { x: [5, 24, 17, 18], w: [16, 3, 3], group: 2, pads: [0, 1, 2, 1] },
  'blocks of tiles, many channels': { x: [2, 72, 9, 8], w: [80, 3, 3], pads: [1, 1, 1, 1] },
  'long sums': { x: [1, 8, 4, 5], w: [300, 3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  depthwise: { x: [3, 37, 24, 21], w: [37, 3, 3], group: 37, strides: [2, 1], pads: [1, 1, 0, 1] },
};

test.each(Object.entries(large))('large Conv: %s', (_, { x, w: [filters = 0, ...kernel], group = 1, ...window }) => {
  const feeds = { x: random(x, 1), w: random([filters, (x[1] as number) / group, ...kernel], 2) };
  const options = { ...feeds, group, ...window };
  const seed = random(conv(options).dims, 3);
  const { dx, dw } = convGradients(options, seed);
  const spec = {
    inputs: { x, w: feeds.w.dims },
    nodes: [{ op: 'Conv', inputs: ['x', 'w'], attributes: { group, ...window } }],
  };
  const [madeX, madeW] = runPlan(backwardPlan(spec, feeds, ['x', 'w'], seed.dims), { ...feeds, seed }) as [NdArray, NdArray];
  for (const [made, expected] of [
    [madeX, dx],
    [madeW, dw],
  ] as const) {
    expectClose(made, expected, 5e-6 * Math.max(...Array.from(expected.data, Math.abs)));
  }
});
