import { int64 } from '../kernels/graph.ts';
import { expectClose, runPlan } from '../kernels/run.ts';
import { array, type NdArray, random } from '../reference/index.ts';
import { coordinateModes, nearestModes, type ResizeOptions, resize } from '../reference/resize.ts';
import { backwardPlan, expectGradients } from './gradients.ts';
import { torchTests } from './torch.ts';

const list = (values: readonly number[] | undefined): NdArray | undefined => values && array([values.length], values);

function check(x: NdArray, options: ResizeOptions): void {
  const { mode = 'nearest', coordinates = 'half_pixel', nearest, cubic, excludeOutside, extrapolation, antialias, policy } = options;
  expectGradients({
    op: 'Resize',
    opset: 19,
    attributes: {
      mode,
      coordinate_transformation_mode: coordinates,
      nearest_mode: nearest === 'simple' ? undefined : nearest,
      cubic_coeff_a: cubic,
      exclude_outside: excludeOutside ? 1 : 0,
      extrapolation_value: extrapolation,
      antialias: antialias ? 1 : 0,
      keep_aspect_ratio_policy: policy,
      axes: options.axes,
    },
    inputs: [x, list(options.roi), list(options.scales), list(options.sizes)],
    constants: [1, 2, 3],
    types: { 3: 'int64' },
    channelsLast: true,
    reference: ([x]) => resize(x!, options),
    tolerance: 3e-5,
  });
}

const x = random([1, 3, 4, 3], 1);
const sizes: ResizeOptions[] = [
  { scales: [1, 1, 2, 2] },
  { scales: [1, 1, 0.6, 1.7] },
  { sizes: [1, 3, 7, 1] },
  { sizes: [1, 3, 4, 9] },
  { sizes: [1, 2, 1, 1] },
];

describe.each(coordinateModes)('%s', (coordinates) => {
  const roi = coordinates === 'tf_crop_and_resize' ? [0, 0, 0.2, -0.3, 1, 1, 0.9, 1.2] : undefined;
  const common = { coordinates, ...(roi ? { roi, extrapolation: 3 } : {}) };
  test.each(sizes)('to $scales$sizes', (size) => {
    // How a place is rounded depends on nothing else.
    for (const nearest of coordinates === 'half_pixel' ? nearestModes : (['round_prefer_floor'] as const)) {
      check(x, { ...size, ...common, mode: 'nearest', nearest });
    }
    for (const mode of ['linear', 'cubic'] as const) check(x, { ...size, ...common, mode });
    check(x, { ...size, ...common, mode: 'cubic', excludeOutside: true });
  });
});

test('antialias, axes, a policy, another cubic', () => {
  for (const mode of ['linear', 'cubic'] as const) check(random([1, 3, 9, 7], 2), { mode, sizes: [1, 3, 4, 2], antialias: true });
  check(x, { mode: 'linear', sizes: [7, 5], axes: [3, 2] });
  check(x, { mode: 'linear', sizes: [7, 5], axes: [2, 3], policy: 'not_larger' });
  check(x, { mode: 'cubic', cubic: -0.5, scales: [1, 1, 1.5, 2.5] });
});

test('one dimension, one element, nothing to do', () => {
  check(random([7], 1), { mode: 'linear', scales: [1.4] });
  check(random([1, 1, 1, 1], 1), { mode: 'cubic', scales: [1, 1, 3, 3] });
  check(random([2, 3, 2, 2], 3), { mode: 'nearest', scales: [1, 1, 1, 1] });
  check(random([2, 3, 2, 2], 3), { mode: 'linear', sizes: [2, 3, 3, 5] });
  check(random([1, 8, 1, 17], 1), { mode: 'linear', sizes: [1, 8, 33, 1] });
});

test.each(['nearest', 'linear'])('Upsample by %s', (mode) => {
  const scales = [1, 1, 2, 3];
  expectGradients({
    op: 'Upsample',
    opset: 9,
    attributes: { mode },
    inputs: [random([2, 3, 2, 3], 1), list(scales)],
    constants: [1],
    channelsLast: true,
    reference: ([x]) => resize(x!, { mode: mode as 'nearest', scales, coordinates: 'asymmetric', nearest: 'floor' }),
  });
});

interface Case {
  readonly name: string;
  readonly code: string;
  readonly options: ResizeOptions;
}

const cases: Case[] = [
  {
    name: 'nearest by 2',
    code: "scale_factor=2, mode='nearest'",
    options: { scales: [1, 1, 2, 2], coordinates: 'asymmetric', nearest: 'floor' },
  },
  {
    name: 'nearest to a size',
    code: "size=(7, 2), mode='nearest'",
    options: { sizes: [1, 3, 7, 2], coordinates: 'asymmetric', nearest: 'floor' },
  },
  {
    name: 'bilinear',
    code: "size=(9, 2), mode='bilinear', align_corners=False",
    options: { sizes: [1, 3, 9, 2], mode: 'linear', coordinates: 'pytorch_half_pixel' },
  },
  {
    name: 'bilinear, corners aligned',
    code: "size=(9, 5), mode='bilinear', align_corners=True",
    options: { sizes: [1, 3, 9, 5], mode: 'linear', coordinates: 'align_corners' },
  },
  {
    name: 'bilinear to one pixel, corners aligned',
    code: "size=(1, 1), mode='bilinear', align_corners=True",
    options: { sizes: [1, 3, 1, 1], mode: 'linear', coordinates: 'align_corners' },
  },
  {
    name: 'bicubic',
    code: "size=(9, 2), mode='bicubic', align_corners=False",
    options: { sizes: [1, 3, 9, 2], mode: 'cubic', cubic: -0.75, coordinates: 'half_pixel' },
  },
  {
    name: 'bilinear, antialiased',
    code: "size=(2, 2), mode='bilinear', antialias=True",
    options: { sizes: [1, 3, 2, 2], mode: 'linear', antialias: true, excludeOutside: true },
  },
];

torchTests(
  'as F.interpolate',
  cases.map(({ name, code, options }) => {
    const seed = random(resize(x, options).dims, 7);
    return { name, options, code: `F.interpolate(x[0], ${code})`, inputs: [x], seeds: [seed] };
  }),
  ({ options, seeds: [seed] }, { outputs, gradients }) => {
    expectClose(resize(x, options), outputs[0]!, 1e-6);
    const { mode = 'nearest', coordinates = 'half_pixel', nearest, cubic, antialias, excludeOutside } = options;
    const attributes = {
      mode,
      coordinate_transformation_mode: coordinates,
      ...(nearest && { nearest_mode: nearest }),
      ...(cubic && { cubic_coeff_a: cubic }),
      ...(antialias && { antialias: 1 }),
      ...(excludeOutside && { exclude_outside: 1 }),
    };
    const constants = { scales: list(options.scales ?? [])!, sizes: int64('sizes', options.sizes ?? []) };
    const inputs = ['x', '', ...(options.scales ? ['scales'] : ['', 'sizes'])];
    const spec = { opset: 19, inputs: { x: x.dims }, constants, nodes: [{ op: 'Resize', attributes, inputs }] };
    const made = runPlan(backwardPlan(spec, { x }, ['x'], seed!.dims), { x, seed: seed! });
    expectClose(made[0]!, gradients[0]!, 1e-5);
  },
);
