// What torch.save writes is read to the same numbers, and what is no state dict refused.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCheckpoint } from '../../src/formats/index.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { batchNorm, conv2d, dense, flatten, input, relu, sequential } from '../../src/layers/index.ts';
import { failure } from '../failure.ts';
import { lacking } from '../skip.ts';

const python = process.env.TORCH_PYTHON ?? '/usr/bin/python3';

if (spawnSync(python, ['-c', 'import torch']).status !== 0) {
  lacking('checkpoints', `${python} has no torch (Debian: python3-torch; or set TORCH_PYTHON)`);
} else {
  let folder: string;
  let expected: Record<string, Record<string, [type: string, dims: number[], numbers: number[]]> | null>;
  const bytes = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
  const floats = (name: string) => new Float32Array(bytes(name).buffer);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lanewise-checkpoints-'));
    execFileSync(python, ['tests/conformance/torchvision/checkpoints.py', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
    expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const widened = (type: string) => type.replace('torch.', '').replace(/^b?float16$/, 'float32');

  test('every way to save a state dict', () => {
    const files = Object.entries(expected).filter(([, tensors]) => tensors);
    expect(files.length).toBeGreaterThan(15);
    for (const [file, wanted] of files) {
      const got = [...readCheckpoint(bytes(file), file).tensors].map(([name, { type, dims, read }]) => [
        name,
        [type, dims, Array.from(read(), Number)],
      ]);
      const tensors = Object.entries(wanted ?? {}).map(([name, [type, dims, numbers]]) => [name, [widened(type), dims, numbers]]);
      expect([file, got]).toEqual([file, tensors]);
    }
  });

  test('what is no state dict', () => {
    const messages = Object.keys(expected)
      .filter((file) => !expected[file])
      .map((file) => {
        const { code, message } = failure(() => readCheckpoint(bytes(file), file));
        return `${code} ${message}`;
      });
    const run = 'and Lanewise runs no code of files: save';
    expect(messages.sort()).toEqual(
      [
        "UNSUPPORTED deflated.pth: the zip's entry 'zip/data.pkl' is compressed (deflate), as PyTorch never does: pack the files again without compression (zip -0)",
        `UNSUPPORTED quantized.pth: the pickle uses 'torch._utils._rebuild_qtensor', which is no part of a state dict, ${run} the weights alone, torch.save(checkpoint['state_dict'], 'weights.pth')`,
        "UNSUPPORTED script.pt: a TorchScript archive, which is a program: save its weights alone, in Python, torch.save(torch.jit.load('model.pt').state_dict(), 'weights.pth')",
        `UNSUPPORTED sparse.pth: the pickle uses 'torch._utils._rebuild_sparse_tensor', which is no part of a state dict, ${run} the weights alone, torch.save(checkpoint['state_dict'], 'weights.pth')`,
        "UNSUPPORTED tensor.pth: it holds a tensor, no state dict: save one, torch.save(model.state_dict(), 'weights.pth')",
        ...['whole-legacy.pth', 'whole.pth'].map(
          (file) =>
            `UNSUPPORTED ${file}: it holds a whole pickled object ('torch.nn.modules.container.Sequential'), ${run} its weights alone, torch.save(model.state_dict(), 'weights.pth')`,
        ),
      ].sort(),
    );
  });

  test("a network with torch's weights gives torch's output", async () => {
    for (const file of ['training.pth', 'training-legacy.pth', 'model_state_dict.pth']) {
      const layers = [conv2d(5, 3, { padding: 1, name: '0' }), batchNorm({ name: '1' }), relu, flatten, dense(3, { name: '4' })];
      const net = sequential([input([2, 6, 7]), ...layers]);
      await net.loadWeights(join(folder, file));
      const model = await net.compile();
      const { output } = await model.run({ input: new Tensor('float32', floats('input.bin'), [2, 2, 6, 7]) });
      const wanted = floats('output.bin');
      const off = wanted.map((x, i) => Math.abs(x - Number(output?.data[i])) / Math.max(...wanted.map(Math.abs)));
      expect([output?.dims, off.every((x) => x < 1e-5)]).toEqual([[2, 3], true]);
      model.dispose();
    }
  });
}
