// torchvision's networks, saved by torch.save and loaded by name into the zoo's, give torch's outputs.
//
//   npm run check:weights [-- NAME...] [--form zip|legacy] [--python /usr/bin/python3]
//
// For each network of the zoo that torchvision has: torch makes it with random weights, writes its state dict as a checkpoint (zip, or as before PyTorch 1.6;
// half of the networks each where left out), and computes two seeded batches in eval mode, in float64. The built package loads the checkpoint and runs
// them. An output passes where no element is off by more than 1e-4 of the largest one. 3 GB of disk at most, half an hour.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const TOLERANCE = 1e-4;
const vggs = ['vgg11', 'vgg11_bn', 'vgg13', 'vgg13_bn', 'vgg16', 'vgg16_bn', 'vgg19', 'vgg19_bn'];
const resnets = ['resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152', 'wide_resnet50_2'];
const densenets = ['densenet121', 'densenet161', 'densenet169', 'densenet201'];
const all = ['alexnet', ...vggs, 'googlenet', ...resnets, ...densenets, 'squeezenet1_0', 'squeezenet1_1', 'mobilenet_v2'];

const { values, positionals } = parseArgs({
  options: { form: { type: 'string' }, python: { type: 'string', default: process.env.TORCH_PYTHON ?? '/usr/bin/python3' } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}
const { zoo } = await import('lanewise/zoo');
const { readTensorProto } = await import('lanewise/formats');
const script = fileURLToPath(new URL('zoo.py', import.meta.url));

/** The largest difference relative to the largest element. */
function difference(actual, expected) {
  if (actual.dims.join() !== expected.dims.join()) throw new Error(`the output is [${actual.dims}], expected [${expected.dims}]`);
  let [most, largest] = [0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    const off = Math.abs(actual.data[i] - expected.data[i]);
    most = Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(most, off);
    largest = Math.max(largest, Math.abs(expected.data[i]));
  }
  return most / largest;
}

async function check(name, form) {
  const root = mkdtempSync(join(tmpdir(), 'lanewise-weights-'));
  try {
    execFileSync(values.python, [script, name, '--out', root, '--checkpoint', form], { stdio: ['ignore', 'ignore', 'inherit'] });
    const folder = join(root, name);
    const tensor = (set, file) => readTensorProto(readFileSync(join(folder, set, file)), file).tensor;
    const { network, options } = JSON.parse(readFileSync(join(folder, 'options.json'), 'utf8'));
    const net = zoo.get(network)(options);
    const path = join(folder, 'weights.pth');
    const start = performance.now();
    await net.loadWeights(path);
    const loaded = performance.now();
    const model = await net.compile();
    const compiled = performance.now();
    let off = 0;
    for (const set of ['test_data_set_0', 'test_data_set_1']) {
      const { output } = await model.run({ input: tensor(set, 'input_0.pb') });
      off = Math.max(off, difference(output, tensor(set, 'output_0.pb')));
    }
    model.dispose();
    const size = `${(statSync(path).size / 1e6).toFixed(1)} MB`;
    const times = `weights ${(loaded - start).toFixed(0)} ms, compiled ${(compiled - loaded).toFixed(0)} ms`;
    return { passed: off <= TOLERANCE, text: `off by ${off.toExponential(1)}, ${size}, ${times}` };
  } catch (error) {
    return { passed: false, text: String(error.message ?? error) };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

let failed = 0;
const names = positionals.length > 0 ? positionals : all;
for (const [i, name] of names.entries()) {
  const form = values.form ?? ['legacy', 'zip'][i % 2];
  const { passed, text } = await check(name, form);
  if (!passed) failed++;
  console.log(`${name.padEnd(16)} ${form.padEnd(6)} ${passed ? 'ok' : 'FAILED'} ${text}`);
}
console.log(`${names.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
