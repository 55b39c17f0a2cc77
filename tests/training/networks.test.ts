// That networks.py has the networks of networks.ts, so that what differs in training is training.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { random } from '../reference/index.ts';
import { lacking } from '../skip.ts';
import { networks } from './networks.ts';

const script = fileURLToPath(new URL('../../bench/train/torch_train.py', import.meta.url));
const python = process.env.TORCH_PYTHON ?? '/usr/bin/python3';
const present = spawnSync(python, ['-c', 'import torch, numpy']).status === 0;

const shapes: Record<keyof typeof networks, readonly number[]> = {
  lenet: [1, 28, 28],
  resnet20: [3, 32, 32],
  densenet40: [3, 32, 32],
  alexnet2012: [3, 67, 67],
  mobilenet_v2: [3, 32, 32],
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-torch-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compare = async (name: keyof typeof networks) => {
  const inputShape = shapes[name];
  const dims = [2, ...inputShape];
  const network = networks[name]({ classes: 10, inputShape, seed: 7 });
  const pictures = Float32Array.from(random(dims, 3).data);
  const paths = ['weights', 'batches', 'scores', 'trained'].map((part) => join(folder, `${name}-${part}`));
  const [weights = '', batches = '', scores = '', trained = ''] = paths;
  writeFileSync(weights, network.toSafetensors());
  const fed = new Map<string, Tensor>([
    ['pictures', new Tensor('float32', pictures, [1, ...dims])],
    ['labels', new Tensor('int32', [3, 4], [1, 2])],
  ]);
  writeFileSync(batches, writeSafetensors(fed));
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(python, [script, name, '--weights', weights, '--batches', batches, ...args], {
      encoding: 'utf8',
      timeout: 120_000,
    });
    if (status !== 0) throw new Error(stderr);
    return stdout;
  };
  run('--scores', scores);
  const expected = readSafetensors(readFileSync(scores)).tensors.get('output')!;
  const model = await network.compile();
  const { output } = model.runSync({ input: new Tensor('float32', pictures, dims) });
  expect(output.dims).toEqual(expected.dims);
  const values = Array.from(expected.read(), Number);
  const largest = Math.max(...values.map(Math.abs));
  expect(largest).toBeGreaterThan(0.01);
  const errors = values.map((value, i) => Math.abs(value - (output.data[i] as number)));
  expect(Math.max(...errors) / largest).toBeLessThan(1e-4);
  model.dispose();

  const said = run('--steps', '2', '--lr', '0.01', '--momentum', '0.9', '--float64', '--out', trained);
  const losses = said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).loss as number);
  expect(losses).toHaveLength(2);
  const after = readSafetensors(readFileSync(trained)).tensors;
  expect([...after.keys()].sort()).toEqual([...network.parameters(), ...network.buffers()].map(({ name }) => name).sort());
  for (const { name, data, dims } of network.parameters()) {
    expect(after.get(name)!.dims).toEqual(dims);
    expect(after.get(name)!.type).toBe('float64');
    const trained = after.get(name)!.read();
    expect(data.some((weight, i) => weight !== trained[i])).toBe(true);
  }
};

if (!present) lacking('networks in PyTorch', `${python} has no torch (Debian: python3-torch; or set TORCH_PYTHON)`);
else test.each(Object.keys(networks) as (keyof typeof networks)[])('%s', compare, 180_000);
