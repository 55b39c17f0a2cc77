import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyCase } from '../../src/cli/verify.ts';
import { lacking } from '../skip.ts';

/** Debian's Python has torch as a package; another one may have it from elsewhere. */
const python = process.env.TORCH_PYTHON ?? '/usr/bin/python3';
const size = '64';
const networks = ['resnet18', 'resnet18_dynamic', 'squeezenet1_1', 'mobilenet_v2', 'shufflenet_v2_x1_0'];
const handmade = ['keras_like', 'ir3', 'opset7', 'computed_shapes', 'detector', 'detector_indices'];
const models = [...networks, ...handmade];

if (spawnSync(python, ['-c', 'import torch, torchvision, onnx']).status !== 0) {
  lacking('torchvision', `${python} has no torch, torchvision and onnx (Debian: python3-torchvision, python3-onnx; or set TORCH_PYTHON)`);
} else {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lanewise-torchvision-'));
    execFileSync(python, ['tests/conformance/torchvision/export.py', folder, ...models, '--size', size], { encoding: 'utf8' });
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(models)('%s', async (name) => {
    const result = await verifyCase(join(folder, name), { atol: 1e-4, rtol: 1e-3 }, {});
    expect(result).toEqual({ name, status: 'passed' });
  });
}
