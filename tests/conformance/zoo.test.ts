import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTensorProto } from '../../src/formats/index.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { type Factory, zoo } from '../../src/zoo/index.ts';
import { lacking } from '../skip.ts';

/** Debian's Python has torch as a package; another one may have it from elsewhere. */
const python = process.env.TORCH_PYTHON ?? '/usr/bin/python3';
/** One of each family, over pictures small enough that torch and the disk are done soon. */
const large = ['alexnet', 'alexnet2012', 'vgg11_bn', 'googlenet', 'googlenet2014', 'resnet18', 'densenet121'];
const mobile = ['squeezenet1_1', 'mobilenet_v2'];
/** Those of CIFAR-10, and other options, have their own size. */
const small = ['network_in_network', 'resnet20', 'plain20', 'plain110', 'wide_resnet20_3', 'vgg11_grey_72'];

if (spawnSync(python, ['-c', 'import torch, torchvision, onnx']).status !== 0) {
  lacking('the zoo', `${python} has no torch, torchvision and onnx (Debian: python3-torchvision, python3-onnx; or set TORCH_PYTHON)`);
} else {
  let folder: string;
  const write = (...args: string[]) =>
    execFileSync(python, ['tests/conformance/torchvision/zoo.py', '--out', folder, '--classes', '20', ...args], { encoding: 'utf8' });
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lanewise-zoo-'));
    write('--size', '96', ...large, ...mobile);
    write(...small);
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const tensor = (...path: string[]): Tensor => readTensorProto(readFileSync(join(folder, ...path)), path.join('/')).tensor;

  test.each([...large, ...mobile, ...small])("%s with torch's weights gives torch's output", async (name) => {
    const { network, options } = JSON.parse(readFileSync(join(folder, name, 'options.json'), 'utf8'));
    const net = (zoo.get(network) as Factory)(options);
    await net.loadWeights(join(folder, name, 'weights.safetensors'));
    const model = await net.compile();
    for (const set of ['test_data_set_0', 'test_data_set_1']) {
      const expected = tensor(name, set, 'output_0.pb');
      const { output } = await model.run({ input: tensor(name, set, 'input_0.pb') });
      expect(output?.dims).toEqual(expected.dims);
      const largest = (expected.data as Float32Array).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const off = (expected.data as Float32Array).map((x, i) => Math.abs(x - Number(output?.data[i])));
      expect(off.every((x) => x <= 1e-3 * largest)).toBe(true);
    }
    model.dispose();
    rmSync(join(folder, name), { recursive: true });
  });
}
