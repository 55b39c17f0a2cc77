// Whatever layers can write can be trained: every operator has a rule, or a reason why it needs none.

import { addOperators } from '../../src/compiler/operators.ts';
import type { AppliedLayer, SymbolicTensor } from '../../src/layers/index.ts';
import * as layers from '../../src/layers/index.ts';
import { operators } from '../../src/ops/index.ts';
import { ruleOf, withoutGradient } from '../../src/training/rules/index.ts';

addOperators();

const { input } = layers;
const picture = () => input([4, 9, 8]);

/** Every layer, with every option that decides what it writes. */
const written: Readonly<Record<string, () => SymbolicTensor[]>> = {
  adaptiveAvgPool2d: () =>
    [1, 3, [9, 8] as const, [3, 8] as const, [5, 3] as const].map((size) => layers.adaptiveAvgPool2d(picture(), size)),
  add: () => [layers.add(picture(), picture()), layers.add(picture(), picture(), picture())],
  avgPool2d: () => [
    layers.avgPool2d(picture(), 2),
    layers.avgPool2d(picture(), 3, { padding: 'same', ceilMode: false }),
    layers.avgPool2d(picture(), 3, { padding: 1, stride: 2, ceilMode: true, countIncludePad: false }),
  ],
  batchNorm: () => [layers.batchNorm(picture())],
  channelShuffle: () => [layers.channelShuffle(picture(), 2)],
  concat: () => [layers.concat([picture(), picture()]), layers.concat([picture(), picture()], { axis: 2 })],
  conv2d: () => [layers.conv2d(picture(), 8, 3), layers.conv2d(picture(), 8, 3, { bias: false, groups: 2, padding: 'same' })],
  conv2dTranspose: () => [layers.conv2dTranspose(picture(), 8, 3), layers.conv2dTranspose(picture(), 8, 3, { bias: false, groups: 2 })],
  dense: () => [layers.dense(input([5]), 3), layers.dense(input([5]), 3, { bias: false })],
  depthwiseConv2d: () => [layers.depthwiseConv2d(picture(), 3), layers.depthwiseConv2d(picture(), 3, { multiplier: 2 })],
  dropout: () => [layers.dropout(picture(), 0.2)],
  flatten: () => [layers.flatten(picture())],
  gelu: () => [layers.gelu(picture()), layers.gelu(picture(), { approximate: 'tanh' })],
  globalAvgPool2d: () => [layers.globalAvgPool2d(picture())],
  globalMaxPool2d: () => [layers.globalMaxPool2d(picture())],
  hardSwish: () => [layers.hardSwish(picture())],
  leakyRelu: () => [layers.leakyRelu(picture(), 0.1)],
  localResponseNorm: () => [layers.localResponseNorm(picture())],
  maxPool2d: () => [layers.maxPool2d(picture(), 2), layers.maxPool2d(picture(), 3, { padding: 1, dilation: 2, ceilMode: true })],
  multiply: () => [layers.multiply(picture(), picture())],
  pad: () => [
    layers.pad(picture(), 1),
    layers.pad(picture(), 1, { value: 2 }),
    layers.pad(picture(), 1, { mode: 'reflect' }),
    layers.pad(picture(), 1, { mode: 'edge' }),
  ],
  relu: () => [layers.relu(picture())],
  relu6: () => [layers.relu6(picture())],
  sigmoid: () => [layers.sigmoid(picture())],
  silu: () => [layers.silu(picture())],
  softmax: () => [layers.softmax(picture()), layers.softmax(picture(), { axis: -1 })],
  tanh: () => [layers.tanh(picture())],
  upsample: () =>
    (['nearest', 'bilinear', 'bicubic'] as const).flatMap((mode) => [
      layers.upsample(picture(), 2, { mode }),
      layers.upsample(picture(), 2, { mode, alignCorners: true }),
    ]),
};

/** What `lanewise/layers` has that is no layer. */
const others = [
  'constant',
  'heNormal',
  'heUniform',
  'input',
  'model',
  'normal',
  'ones',
  'sequential',
  'uniform',
  'xavierNormal',
  'xavierUniform',
  'zeros',
];

test('every layer is here', () => {
  expect(Object.keys(written).sort()).toEqual(
    Object.keys(layers)
      .filter((name) => !others.includes(name))
      .sort(),
  );
});

/** The operators of a layer and of those before it. */
function operatorsOf({ steps, inputs }: AppliedLayer): string[] {
  return [...steps.map(({ op }) => op), ...inputs.flatMap(({ layer }) => operatorsOf(layer))];
}

const used = new Set(
  Object.values(written)
    .flatMap((write) => write())
    .flatMap(({ layer }) => operatorsOf(layer)),
);

test.each([...used].sort().map((name) => [name]))('%s', (name) => {
  const operator = operators.get(name);
  // Batch-norm has another form in training, whose rule is found by that.
  const rule = operator !== undefined && (ruleOf(operator) !== undefined || name === 'BatchNormalization');
  // One of them, so that no list holds what has a rule by now.
  const places = { rule, 'a reason': name in withoutGradient };
  expect(Object.entries(places).flatMap(([place, is]) => (is ? [place] : []))).toHaveLength(1);
});

test('the list holds nothing else', () => {
  for (const name of Object.keys(withoutGradient)) expect([...used]).toContain(name);
});
