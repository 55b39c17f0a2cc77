// That networks.py has the networks of networks.ts, so that what differs in training is training.

import { Tensor } from '../../src/graph/tensor.ts';
import { random } from '../reference/index.ts';
import { lacking } from '../skip.ts';
import { networks } from './networks.ts';
import { present, python } from './torch.ts';
import { torchTrain } from './torchTrain.ts';

const shapes: Record<keyof typeof networks, readonly number[]> = {
  lenet: [1, 28, 28],
  resnet20: [3, 32, 32],
  densenet40: [3, 32, 32],
  alexnet2012: [3, 67, 67],
  mobilenet_v2: [3, 32, 32],
};

const compare = async (name: keyof typeof networks) => {
  const inputShape = shapes[name];
  const dims = [2, ...inputShape];
  const network = networks[name]({ classes: 10, inputShape, seed: 7 });
  const pictures = Float32Array.from(random(dims, 3).data);
  const labels = new Tensor('int32', [3, 4], [1, 2]);
  const given = { name, network, pictures: new Tensor('float32', pictures, [1, ...dims]), labels };
  const expected = torchTrain(given, [], ['scores']).files.scores!.get('output')!;
  const model = await network.compile();
  const { output } = model.runSync({ input: new Tensor('float32', pictures, dims) });
  expect(output.dims).toEqual(expected.dims);
  const values = [...expected.data];
  const largest = Math.max(...values.map(Math.abs));
  expect(largest).toBeGreaterThan(0.01);
  const errors = values.map((value, i) => Math.abs(value - (output.data[i] as number)));
  expect(Math.max(...errors) / largest).toBeLessThan(1e-4);
  model.dispose();

  const args = ['--steps', '2', '--lr', '0.01', '--momentum', '0.9', '--float64'];
  const { losses, files } = torchTrain(given, args, ['out']);
  expect(losses).toHaveLength(2);
  const after = files.out!;
  expect([...after.keys()].sort()).toEqual([...network.parameters(), ...network.buffers()].map(({ name }) => name).sort());
  for (const { name, data, dims } of network.parameters()) {
    expect(after.get(name)!.dims).toEqual(dims);
    const trained = after.get(name)!.data;
    expect(data.some((weight, i) => weight !== trained[i])).toBe(true);
  }
};

if (!present) lacking('networks in PyTorch', `${python} has no torch (Debian: python3-torch; or set TORCH_PYTHON)`);
else test.each(Object.keys(networks) as (keyof typeof networks)[])('%s', compare, 180_000);
