// Whatever layers can write can be trained: every operator has a rule, or a reason why it needs none.

import { bind } from '../../src/compiler/bind.ts';
import { addOperators } from '../../src/compiler/operators.ts';
import type { AppliedLayer, SymbolicTensor } from '../../src/layers/index.ts';
import * as layers from '../../src/layers/index.ts';
import { operators } from '../../src/ops/index.ts';
import type { Operator } from '../../src/ops/operator.ts';
import { trainingForm } from '../../src/training/forms.ts';
import { ruleOf, rules, withoutGradient } from '../../src/training/rules/index.ts';
import { rareRules } from '../../src/training/rules/rare/index.ts';

addOperators();
Object.assign(rules, rareRules);

/** Every layer, with every option that decides what it writes, of pictures. */
const written: Readonly<Record<string, (x: SymbolicTensor) => SymbolicTensor[]>> = {
  adaptiveAvgPool2d: (x) => [1, 3, [9, 8] as const, [3, 8] as const, [5, 3] as const].map((size) => layers.adaptiveAvgPool2d(x, size)),
  add: (x) => [layers.add(x, x), layers.add(x, x, x)],
  avgPool2d: (x) => [
    layers.avgPool2d(x, 2),
    layers.avgPool2d(x, 3, { padding: 'same', ceilMode: false }),
    layers.avgPool2d(x, 3, { padding: 1, stride: 2, ceilMode: true, countIncludePad: false }),
  ],
  batchNorm: (x) => [layers.batchNorm(x)],
  channelShuffle: (x) => [layers.channelShuffle(x, 2)],
  concat: (x) => [layers.concat([x, x]), layers.concat([x, x], { axis: 2 })],
  conv2d: (x) => [layers.conv2d(x, 8, 3), layers.conv2d(x, 8, 3, { bias: false, groups: 2, padding: 'same' })],
  conv2dTranspose: (x) => [layers.conv2dTranspose(x, 8, 3), layers.conv2dTranspose(x, 8, 3, { bias: false, groups: 2 })],
  dense: (x) => [layers.dense(layers.flatten(x), 3), layers.dense(layers.flatten(x), 3, { bias: false })],
  depthwiseConv2d: (x) => [layers.depthwiseConv2d(x, 3), layers.depthwiseConv2d(x, 3, { multiplier: 2 })],
  dropout: (x) => [layers.dropout(x, 0.2)],
  flatten: (x) => [layers.flatten(x)],
  gelu: (x) => [layers.gelu(x), layers.gelu(x, { approximate: 'tanh' })],
  globalAvgPool2d: (x) => [layers.globalAvgPool2d(x)],
  globalMaxPool2d: (x) => [layers.globalMaxPool2d(x)],
  hardSwish: (x) => [layers.hardSwish(x)],
  leakyRelu: (x) => [layers.leakyRelu(x, 0.1)],
  localResponseNorm: (x) => [layers.localResponseNorm(x)],
  maxPool2d: (x) => [layers.maxPool2d(x, 2), layers.maxPool2d(x, 3, { padding: 1, dilation: 2, ceilMode: true })],
  multiply: (x) => [layers.multiply(x, x)],
  pad: (x) => [layers.pad(x, 1), layers.pad(x, 1, { value: 2 }), layers.pad(x, 1, { mode: 'reflect' }), layers.pad(x, 1, { mode: 'edge' })],
  relu: (x) => [layers.relu(x)],
  relu6: (x) => [layers.relu6(x)],
  sigmoid: (x) => [layers.sigmoid(x)],
  silu: (x) => [layers.silu(x)],
  softmax: (x) => [layers.softmax(x), layers.softmax(x, { axis: -1 })],
  tanh: (x) => [layers.tanh(x)],
  upsample: (x) =>
    (['nearest', 'bilinear', 'bicubic'] as const).flatMap((mode) => [
      layers.upsample(x, 2, { mode }),
      layers.upsample(x, 2, { mode, alignCorners: true }),
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

const used = new Set<string>();
/** What operators are in training, where it is known: constants are gone by then. */
const forms = new Map<string, Operator>();
for (const write of Object.values(written)) {
  const x = layers.input([4, 9, 8]);
  for (const y of write(x)) {
    for (const name of operatorsOf(y.layer)) used.add(name);
    const { network } = bind(layers.model(x, y).graph(), { dims: new Map([['input', [2, 4, 9, 8]]]) });
    const random = { name: 'random', type: 'int32', dims: [4] } as const;
    for (const [index, node] of network.nodes.entries()) forms.set(node.op.name, trainingForm(node, { random, index }).op);
  }
}

test.each([...used].sort().map((name) => [name]))('%s', (name) => {
  const operator = forms.get(name) ?? operators.get(name);
  const rule = operator !== undefined && ruleOf(operator) !== undefined;
  // One of them, so that no list holds what has a rule by now.
  const places = { rule, 'a reason': name in withoutGradient };
  expect(Object.entries(places).flatMap(([place, is]) => (is ? [place] : []))).toHaveLength(1);
});

test('the list holds nothing else', () => {
  for (const name of Object.keys(withoutGradient)) expect([...used]).toContain(name);
});
