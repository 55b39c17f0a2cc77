// Holds the model that chooses between direct and Winograd's convolution against the clock: node bench/kernels/winograd.mjs
// [--rounds 15] [--json] Every shape is run directly and in each form that fits, the shapes in turn, so that weights come
// from as far as they do in a network. A row has the fastest of the rounds, what the model reckons, the form that it takes,
// and what a wrong one loses.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { importSources, path } from '../sources.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, json: { type: 'boolean' } } });

const { graphOf, algorithmOf, compile, directCost, winogradCost, winogradForms, Engine, compileModule } = await importSources(
  'winograd',
  `export { graphOf } from './bench/kernels/measure.ts';
  export { algorithmOf } from './src/plan/forms.ts';
  export { compile } from './src/compiler/compile.ts';
  export { directCost, winogradCost, winogradForms } from './src/ops/window/winograd.ts';
  export { Engine } from './src/runtime/engine.ts';
  export { compileModule } from './src/runtime/wasm.ts';`,
);

/** Pixels along each axis, channels, filters, and what is not 3×3 or one group. */
const shapes = [
  // ResNet
  [56, 64, 64],
  [28, 128, 128],
  [14, 256, 256],
  [7, 512, 512],
  // VGG
  [224, 64, 64],
  [112, 64, 128],
  [112, 128, 128],
  [56, 128, 256],
  [56, 256, 256],
  [28, 256, 512],
  [28, 512, 512],
  [14, 512, 512],
  // GoogLeNet
  [56, 64, 192],
  [28, 96, 128],
  [28, 128, 192],
  [14, 96, 208],
  [14, 112, 224],
  [14, 144, 288],
  [14, 160, 320],
  [7, 160, 320],
  [7, 192, 384],
  [28, 16, 32],
  [28, 32, 96],
  [14, 16, 48],
  [14, 24, 64],
  [14, 32, 64],
  [14, 32, 128],
  [7, 32, 128],
  [7, 48, 128],
  [28, 16, 32, 5],
  [28, 32, 96, 5],
  [14, 16, 48, 5],
  [14, 24, 64, 5],
  [14, 32, 128, 5],
  [7, 32, 128, 5],
  [7, 48, 128, 5],
  // DenseNet
  [56, 128, 32],
  [28, 128, 32],
  [14, 128, 32],
  [7, 128, 32],
  // SqueezeNet
  [55, 16, 64],
  [27, 32, 128],
  [13, 48, 192],
  [13, 64, 256],
  // AlexNet
  [27, 64, 192, 5],
  [13, 192, 384],
  [13, 384, 256],
  [13, 256, 256],
  [27, 96, 256, 5, 2],
  [13, 384, 384, 3, 2],
  // ResNets for CIFAR-10
  [32, 16, 16],
  [16, 32, 32],
  [8, 64, 64],
  // ResNeXt
  [56, 128, 128, 3, 32],
  [28, 256, 256, 3, 32],
  [14, 512, 512, 3, 32],
  // Few pixels, where reading the weights is most of it
  ...[1, 2, 3, 4, 5, 6, 9, 10].flatMap((size) => [
    [size, 32, 128],
    [size, 64, 64],
    [size, 160, 320],
    [size, 512, 512],
  ]),
  [4, 16, 48, 5],
  [5, 64, 192, 5],
  [9, 16, 48, 5],
  // Few channels
  [224, 4, 8],
  [112, 8, 8],
  [57, 4, 64],
  [57, 64, 4],
];

const module = await compileModule('strict');

function prepare(size, channels, filters, kernel = 3, groups = 1) {
  const pad = (kernel - 1) / 2;
  const dims = [1, channels, size, size];
  const graph = graphOf({
    op: 'Conv',
    // Not directly from the network's input, because there are fewer forms for that.
    channelsLast: true,
    inputs: [dims, [filters, channels / groups, kernel, kernel], [filters]],
    attributes: { pads: [pad, pad, pad, pad], group: groups },
  });
  const plan = (winograd) => compile(graph, { dims: new Map([['input0', dims]]), winograd });
  const indexOf = ({ steps }) => steps.findIndex(({ node }) => node === 'Conv');
  const formOf = (made) => algorithmOf(made.steps[indexOf(made)]).form;
  const cost = (form) =>
    groups *
    (form
      ? winogradCost({ height: size, width: size, channels: channels / groups, outChannels: filters / groups }, form)
      : directCost(size * size, kernel * kernel * (channels / groups), filters / groups));
  const ways = [undefined, ...winogradForms.filter(({ taps }) => taps === kernel)].map((form) => {
    const made = plan(form ?? false);
    const engine = new Engine(module);
    engine.use(made);
    const [input] = made.inputs;
    engine.view(input.pointer, channels * size * size, 'float32').forEach((_, i, all) => {
      all[i] = ((i * 7919) % 1009) / 1009 - 0.5;
    });
    return {
      form,
      name: form ? `F(${form.size}, ${form.taps})` : 'direct',
      label: formOf(made),
      engine,
      index: indexOf(made),
      cost: cost(form) / 1e6,
      ms: [],
    };
  });
  const name = `${kernel}×${kernel} ${size}×${size}×${channels}→${filters}${groups > 1 ? `, ${groups} groups` : ''}`;
  const label = formOf(plan(true));
  return { name, shape: { size, channels, filters, kernel, groups }, ways, chosen: ways.find((way) => way.label === label) };
}

const cases = shapes.map((shape) => prepare(...shape));
// The first round lets the engine optimise.
for (let round = -1; round < Number(values.rounds); round++) {
  for (const { ways } of cases) {
    for (const { engine, index, ms } of ways) {
      // The node before leaves the input where a network would.
      engine.run(0, index);
      const start = performance.now();
      engine.run(index, index + 1);
      if (round >= 0) ms.push(performance.now() - start);
    }
  }
}

const quantile = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 4)];
let [whole, lostAll] = [0, 0];
const report = cases.map(({ name, shape, ways, chosen }) => {
  const timed = ways.map(({ ms, ...way }) => ({ form: way.form, name: way.name, cost: way.cost, ms: quantile(ms) }));
  const best = timed.reduce((a, b) => (b.ms < a.ms ? b : a));
  const taken = timed.find((way) => way.name === chosen.name);
  whole += best.ms;
  lostAll += taken.ms - best.ms;
  return { name, shape, ways: timed, taken: taken.name, best: best.name, lost: taken.ms - best.ms, lostShare: taken.ms / best.ms - 1 };
});

const names = ['direct', ...winogradForms.map(({ size, taps }) => `F(${size}, ${taps})`)];
const header = ['convolution', ...names.map((name) => `${name} ms (model)`), 'takes', 'loses'];
const rows = report.map(({ name, ways, taken, best, lost, lostShare }) => [
  name,
  ...names.map((way) => {
    const found = ways.find(({ name }) => name === way);
    return found ? `${found.ms.toFixed(3)} (${found.cost.toFixed(3)})` : '';
  }),
  taken,
  taken === best ? '' : `${lost.toFixed(3)} ms, ${(100 * lostShare).toFixed(0)} % (${best})`,
]);
const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
for (const row of [header, ...rows])
  console.log(
    row
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd(),
  );
console.log(
  `\nall at their best: ${whole.toFixed(2)} ms; wrong choices lose ${lostAll.toFixed(2)} ms, ${((100 * lostAll) / whole).toFixed(1)} %`,
);
if (values.json) writeFileSync(path('build/bench-winograd.json'), JSON.stringify(report, null, 2));
