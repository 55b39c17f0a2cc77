import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeNpy } from '../../src/formats/npy.ts';
import { readOnnx } from '../../src/formats/onnx/index.ts';
import { Tensor } from '../../src/index.ts';
import { encodeModel, type ModelSpec } from '../formats/onnx-writer.ts';
import { numbers } from '../quantize/reference.ts';
import { lanewise } from './lanewise.ts';

import.meta.jest.setTimeout(120_000);

const model = 'models/cifar10-resnet20/model.onnx';
let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-quantize-'));
  for (const name of ['classes/cat', 'classes/dog', 'flat', 'empty', 'odd']) mkdirSync(at(name), { recursive: true });
  cpSync('models/cat.png', at('classes/cat/cat.png'));
  const array = (path: string, seed: number, dims: number[]) =>
    writeFileSync(
      at(path),
      writeNpy(
        new Tensor(
          'float32',
          numbers(
            dims.reduce((a, b) => a * b, 1),
            seed,
          ),
          dims,
        ),
      ),
    );
  for (let i = 0; i < 3; i++) {
    array(`classes/dog/${i}.npy`, i, [1, 3, 32, 32]);
    array(`flat/${i}.npy`, i, [1, 3, 32, 32]);
  }
  array('odd/a.npy', 1, [1, 3, 16, 16]);
  writeFileSync(at('empty/notes.txt'), 'no picture');
});
afterAll(() => rmSync(folder, { recursive: true }));

test('it writes QDQ, and prints sizes, accuracy beside float32, and the layers by their error', async () => {
  const to = at('int8.onnx');
  const { code, out, err } = await lanewise('quantize', model, to, '--data', at('classes'), '--report');
  expect([code, err]).toEqual([0, '']);
  const lines = out.split('\n');
  expect(lines[0]).toMatch(/int8\.onnx: 3\d\d\.\d KiB, of 1\.0\d MiB$/);
  expect(lines[1]).toBe('  22 of 22 layers with weights of 8 bits; calibrated with 4 examples');
  expect(lines[2]).toMatch(/^ {2}logits: signal to noise \d\d\.\d dB$/);
  expect(lines[3]).toMatch(/^ {2}accuracy \d+\.00 %, in float32 \d+\.00 %$/);
  expect(lines[4]).toMatch(/^ {2}the same top class as float32 for \d+\.00 % of 4 pictures$/);
  const errors = lines.slice(7).map((line) => Number(/(\d+\.\d) dB {2}\d+\.\d dB$/.exec(line)?.[1]));
  expect(errors).toHaveLength(22);
  expect(errors).toEqual([...errors].sort((a, b) => a - b));
  expect(readOnnx(readFileSync(to)).nodes.filter(({ op }) => op === 'QuantizeLinear').length).toBeGreaterThan(25);
  const summary = await lanewise('summary', to);
  expect([summary.code, summary.err]).toEqual([0, '']);
  expect(summary.out).toMatch(/^layer .* runs as\s*$/m);
  expect(summary.out.match(/^.* Conv .* u8_(conv_igemm_4x8|winograd)\s*$/gm)).toHaveLength(21);
  expect((await lanewise('summary', model)).out).not.toContain('runs as');
});

test('a compiled model, by the name of the file', async () => {
  const to = at('int8.lanewise');
  const { code, out } = await lanewise('quantize', model, to, '--data', at('flat'));
  expect([code, out.split('\n')[0]]).toEqual([0, expect.stringMatching(/int8\.lanewise: 2\d\d\.\d KiB/)]);
  expect((await lanewise('run', to, at('flat/0.npy'))).code).toBe(0);
});

test('a quantised model, compiled: its weights are int8; integers may pass the limit of float32', async () => {
  await lanewise('quantize', model, at('q.onnx'), '--data', at('flat'));
  const { code, out } = await lanewise('compile', at('q.onnx'), at('q.lanewise'));
  expect([code, out]).toEqual([0, expect.stringMatching(/q\.lanewise: weights int8 and f32, 2\d\d\.\d KiB$/)]);
  const note = 'kernels of integers (u8_) may pass it: it is the limit of float32';
  expect((await lanewise('bench', at('q.onnx'), '--runs', '1', '--profile')).out).toContain(note);
  expect((await lanewise('bench', model, '--runs', '1', '--profile')).out).not.toContain(note);
});

test('a model whose data is in another file', async () => {
  const weights = numbers(4 * 27, 5);
  const spec = (external?: string): ModelSpec => ({
    inputs: [{ name: 'input', dims: ['N', 3, 32, 32] }],
    outputs: [{ name: 'y' }],
    initializers: [{ name: 'w', dims: [4, 3, 3, 3], data: weights, ...(external && { external }) }],
    nodes: [{ op: 'Conv', name: 'conv', inputs: ['input', 'w'], outputs: ['y'] }],
  });
  writeFileSync(at('whole.onnx'), encodeModel(spec()));
  writeFileSync(at('parted.onnx'), encodeModel(spec('w.data')));
  writeFileSync(at('w.data'), new Uint8Array(weights.buffer));
  for (const name of ['whole', 'parted']) {
    const { code, out } = await lanewise('quantize', at(`${name}.onnx`), at(`${name}-int8.onnx`), '--data', at('flat'));
    expect([code, out.split('\n')[0]]).toEqual([0, expect.stringMatching(/ B, of \d{3} B$/)]);
  }
  expect(readFileSync(at('parted-int8.onnx'))).toEqual(readFileSync(at('whole-int8.onnx')));
});

test('--json, flat folders, --pictures, layers in float32', async () => {
  const args = ['--data', at('flat'), '--pictures', '2', '--float', 'first', '--float', 'last', '--bits', '7', '--calibration', 'minmax'];
  const { code, out } = await lanewise('quantize', model, at('some.onnx'), ...args, '--json');
  const { layers, examples, outputs, accuracy, bytes } = JSON.parse(out);
  expect([code, examples, outputs.length, bytes]).toEqual([0, 2, 1, readFileSync(at('some.onnx')).length]);
  expect(layers.map(({ bits }: { bits: number }) => bits)).toEqual([32, ...Array(20).fill(7), 32]);
  expect(accuracy).toMatchObject({ pictures: 2 });
  expect(accuracy.float32).toBeUndefined();
});

test('--weights needs no pictures, but compares on those of --test', async () => {
  const { code, out } = await lanewise('quantize', model, at('w.onnx'), '--weights', 'int4', '--test', at('classes'));
  expect(code).toBe(0);
  expect(out.split('\n')).toEqual([
    expect.stringMatching(/w\.onnx: \d+\.\d KiB, of 1\.0\d MiB$/),
    expect.stringMatching(/^ {2}\d of 22 layers with weights of 8 bits, \d+ of 22 layers with weights of 4 bits$/),
    expect.stringMatching(/^ {2}accuracy /),
    expect.stringMatching(/of 4 pictures$/),
  ]);
});

test.each([
  [[model], 'quantize takes a model and a file to write; see lanewise help quantize', 2],
  [[model, 'x.onnx'], 'quantize needs pictures to calibrate with: --data DIR; see lanewise help quantize', 2],
  [
    [model, 'x.safetensors', '--data', 'y'],
    "quantize writes .onnx and compiled models (.lanewise), not 'x.safetensors'; see lanewise help quantize",
    2,
  ],
  [[model, 'x.onnx', '--data', 'y', '--bits', '9'], "--bits takes 8 or 7, got '9'; see lanewise help quantize", 2],
  [[model, model, '--data', 'y'], `OUT is MODEL, '${model}', which would be lost; see lanewise help quantize`, 2],
  [
    [model, 'x.onnx', '--data', 'y', '--percentile', '90'],
    '--percentile goes with --calibration percentile; see lanewise help quantize',
    2,
  ],
  [[model, 'x.onnx', '--weights', 'int4', '--bits', '7'], '--bits does nothing with --weights; see lanewise help quantize', 2],
  [[model, 'x.onnx', '--data', 'models/cat.png'], 'models/cat.png could not be read: it is no folder [FILE_NOT_FOUND]', 1],
  [[model, 'x.onnx', '--weights', 'int2'], "--weights takes int8 or int4, got 'int2'; see lanewise help quantize", 2],
  [
    [model, 'x.onnx', '--data', 'y', '--percentile', '20'],
    "--percentile takes a number over 50 and up to 100, got '20'; see lanewise help quantize",
    2,
  ],
  [
    [model, 'x.onnx', '--data', 'EMPTY'],
    'EMPTY has no pictures (.jpg, .png, .webp, ...) and no .npy files, nor have the folders in it [INVALID_INPUT]',
    1,
  ],
  [
    [model, 'x.onnx', '--data', 'ODD'],
    "ODD/a.npy is float32 [1, 3, 16, 16] once it is prepared; input 'input' takes float32 [N, 3, 32, 32] [INVALID_INPUT]",
    1,
  ],
])('%j', async (args, message, exit) => {
  const names = (text: string) => text.replace('EMPTY', at('empty')).replace('ODD', at('odd'));
  const { code, err } = await lanewise('quantize', ...args.map(names));
  expect([code, err]).toEqual([exit, `lanewise: ${names(message)}`]);
});
