// The four passes of batch-norm that learns, followed by a Relu, at ResNet-20's shapes:
//   node bench/train/norms.mjs [--batch N] [--seconds S] [--hot]
// Nanoseconds an element, the least of many runs of each pass, and of what is done between the passes. The passes take turns, as
// in a step; with --hot each finds in the caches what it left there.

import { parseArgs } from 'node:util';
import { importSources } from '../sources.mjs';

const { values } = parseArgs({
  options: { batch: { type: 'string', default: '128' }, seconds: { type: 'string', default: '1' }, hot: { type: 'boolean' } },
});
const batch = Number(values.batch);

const { addBinaries, Engine, Network, addInstructions, bind, compileModule, differentiate, fuseForward, kernelOf, planOf, trainingForm } =
  await importSources(
    'train-norms',
    `export { bind } from './src/compiler/bind.ts';
    export { planOf } from './src/compiler/compile.ts';
    export { Network } from './src/compiler/network.ts';
    export { kernelOf } from './src/plan/instructions.ts';
    export { Engine } from './src/runtime/engine.ts';
    export { addBinaries } from './src/training/binaries.ts';
    export { compileModule } from './src/runtime/wasm.ts';
    export { differentiate } from './src/training/differentiate.ts';
    export { trainingForm } from './src/training/forms.ts';
    export { fuseForward } from './src/training/fuse.ts';
    export { addInstructions } from './src/training/instructions.ts';`,
  );
addInstructions();
addBinaries();
const module = await compileModule('strict', 'training');

/** The plan of a norm, the sum with a shortcut if there is one, and a Relu, forward and backward, on pictures as pools give them. */
function prepare(dims, shortcut) {
  const node = (op, inputs, output, attributes = {}) => ({
    op,
    domain: '',
    name: output,
    inputs,
    outputs: [output],
    attributes: new Map(Object.entries(attributes)),
  });
  const vectors = ['scale', 'bias', 'mean', 'variance'];
  const pictures = ['a', 'b', 'd'];
  const graph = {
    name: 'norm',
    inputs: [
      ...pictures.map((name) => ({ name, type: 'float32', dims })),
      ...vectors.map((name) => ({ name, type: 'float32', dims: [dims[1]] })),
    ],
    outputs: [{ name: 'y' }, { name: 'dy' }],
    nodes: [
      ...pictures.map((name) => node('MaxPool', [name], name === 'd' ? 'dy' : `${name}x`, { kernel_shape: [1, 1] })),
      node('BatchNormalization', ['ax', ...vectors], 'norm'),
      ...(shortcut ? [node('Add', ['norm', 'bx'], 'sum')] : []),
      node('Relu', [shortcut ? 'sum' : 'norm'], 'y'),
    ],
    constants: new Map(),
    opsets: new Map([['', 13]]),
    metadata: new Map(),
  };
  const shapes = new Map(graph.inputs.map(({ name, dims }) => [name, dims]));
  const { network } = bind(graph, { dims: shapes });
  const forms = fuseForward(
    network.nodes.map((node) => trainingForm(node, {})),
    network.outputs,
  );
  const [y, dy] = network.outputs;
  const value = (name) => forms.flatMap(({ outputs }) => outputs).find((made) => made.name === name);
  const learned = ['ax', 'bx'].map(value);
  const { nodes, gradients } = differentiate(forms, new Map([[y, dy]]), learned);
  // An output in its own layout, without a Relayout.
  const outputs = learned.map((made) => gradients.get(made)).filter(Boolean);
  const all = new Network(network.inputs, [...outputs, y], [...forms, ...nodes]);
  const plan = planOf({ network: all, names: [...outputs, y].map(({ name }) => name) }, { dims: shapes });
  const engine = new Engine(module);
  engine.use(plan);
  for (const { pointer, dims } of plan.inputs) {
    const view = engine.view(
      pointer,
      dims.reduce((a, b) => a * b, 1),
    );
    for (let i = 0; i < view.length; i++) view[i] = ((i * 7919) % 1009) / 504 - 1;
  }
  engine.run();
  return { plan, engine };
}

const names = {
  f32_batchnorm_statistics: 'statistics',
  f32_batchnorm_moments: 'moments',
  f32_batchnorm_apply: 'apply',
  f32_batchnorm_gradient_sums: 'gradient sums',
  f32_batchnorm_gradient_factors: 'factors',
  f32_batchnorm_gradient_apply: 'gradient apply',
};
const rows = [];
for (const [channels, size] of [
  [16, 32],
  [32, 16],
  [64, 8],
]) {
  for (const shortcut of [false, true]) {
    const { plan, engine } = prepare([batch, channels, size, size], shortcut);
    const elements = batch * channels * size * size;
    const row = { shape: `${channels}×${size}×${size}${shortcut ? ' + shortcut' : ''}` };
    const steps = plan.steps.flatMap((step, i) => (names[kernelOf(step)] ? [[names[kernelOf(step)], i]] : []));
    const best = new Map();
    // In turns, so that a loud moment of the machine meets all.
    for (const end = performance.now() + Number(values.seconds) * 1000; performance.now() < end; ) {
      for (const [name, i] of steps) {
        if (values.hot) engine.run(i, i + 1);
        const start = performance.now();
        engine.run(i, i + 1);
        best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, performance.now() - start));
      }
    }
    for (const [name] of steps) row[name] = ((best.get(name) * 1e6) / elements).toFixed(3);
    rows.push(row);
  }
}
console.table(rows);
