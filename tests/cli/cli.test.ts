import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeNpy } from '../../src/formats/npy.ts';
import { writeOnnx } from '../../src/formats/onnx/writer.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import { Tensor } from '../../src/index.ts';
import { encodeModel, encodeTensor } from '../formats/onnx-writer.ts';
import { skip } from '../skip.ts';
import { lanewise } from './lanewise.ts';

const model = 'models/cifar10-resnet20/model.onnx';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('run', () => {
  test('the photo of a cat is a cat', async () => {
    const { code, out } = await lanewise('run', model, 'models/cat.png', '--top', '3');
    expect(code).toBe(0);
    const rows = out.split('\n').filter((line) => line.endsWith('%'));
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/^ {2}cat .*█ .*9\d\.\d %$/);
    expect(out).toMatch(/load [\d.]+ ms · compile [\d.]+ ms · inference [\d.]+ ms/);
    expect(out).toMatch(/memory \d\.\d+ MiB: weights .* activations/);
  });

  test('--json gives classes, outputs, times and memory', async () => {
    const { out } = await lanewise('run', model, 'models/cat.png', '--json');
    const result = JSON.parse(out);
    expect(result.classes).toHaveLength(5);
    expect(result.classes[0]).toEqual({ index: 3, label: 'cat', score: expect.any(Number) });
    expect(result.outputs[0]).toMatchObject({ name: 'logits', dims: [1, 10] });
    expect(Object.keys(result.times)).toEqual(['loadMs', 'compileMs', 'runMs']);
    expect(result.memory.total).toBeGreaterThan(result.memory.weights);
  });

  test('a batch in a .npy file gives the outputs', async () => {
    const path = join(folder, 'two.npy');
    writeFileSync(path, writeNpy(new Tensor('float32', new Float32Array(2 * 3072), [2, 3, 32, 32])));
    const { code, out } = await lanewise('run', model, path);
    expect(code).toBe(0);
    expect(out).toMatch(/logits: float32 \[2, 10\] = -?[\d.e-]+, .*\.\.\./);
  });

  test('of a newer opset than is known, a warning beside the results; likewise `summary`', async () => {
    const [path, input] = [join(folder, 'newer.onnx'), join(folder, 'one.npy')];
    const g = new GraphBuilder('newer', 29);
    g.output('y', g.node('Relu', [g.input('x', [1, 3])]));
    writeFileSync(path, writeOnnx(g.build()));
    writeFileSync(input, writeNpy(new Tensor('float32', [1, -2, 3], [1, 3])));
    for (const args of [
      ['run', path, input, '--json'],
      ['summary', path, '--json'],
    ]) {
      const { code, out, err } = await lanewise(...args);
      expect([code, err]).toEqual([0, expect.stringMatching(/^warning: the model is of opset 29; .* opset 28 .*$/)]);
      expect(Object.keys(JSON.parse(out))).toContain(args[0] === 'run' ? 'outputs' : 'layers');
    }
    expect((await lanewise('summary', model)).err).toBe('');
  });

  test('what is wrong is said in a sentence', async () => {
    const text = join(folder, 'note.jpg');
    writeFileSync(text, 'no picture');
    for (const [args, code, sentence] of [
      [['run', model, 'nothing.jpg'], 1, /nothing\.jpg could not be read: there is no such file \[FILE_NOT_FOUND\]/],
      [['run', 'nothing.onnx', 'models/cat.png'], 1, /nothing\.onnx could not be read/],
      [['run', model, text], 1, /note\.jpg.*\[INVALID_FILE\]/],
      [['run', 'models/cat.png', 'models/cat.png'], 1, /ONNX.*\[INVALID_FILE\]/],
      [['run', model, 'models/cat.png', '--preset', 'cifar'], 1, /no preset 'cifar'; known: .*cifar10, .*imagenet.*, mnist/],
      [['run', model], 2, /run takes a model and an input/],
      [['run', model, 'models/cat.png', '--top', '0'], 2, /--top takes a whole number from 1 on/],
      [['run', model, 'models/cat.png', '--colour'], 2, /--colour/],
      [['bench', model, '--threads', 'all'], 2, /--threads takes a whole number from 1 to 64, or auto; got 'all'/],
      [['bench', model, '--threads', '65'], 2, /got '65'/],
      [['paint'], 2, /there is no command 'paint'/],
    ] as const) {
      const result = await lanewise(...args);
      expect(result.err).toMatch(sentence);
      expect(result.code).toBe(code);
    }
  });
});

describe('summary', () => {
  test('--json: parameters, MACs and receptive fields of the default model', async () => {
    const { out } = await lanewise('summary', model, '--json');
    const { layers, params, macs, activationBytes, memory, ...rest } = JSON.parse(out);
    // One change of layout: the picture comes as NCHW.
    expect(rest).toEqual({ inputs: [{ name: 'input', type: 'float32', dims: [1, 3, 32, 32] }], relayouts: 1 });
    // The card's 272,474 less 784: 1,568 numbers of batch-norms are 784 biases in the file.
    expect(params).toBe(271_690);
    expect(macs).toBe(40_813_184);
    expect(layers[0]).toEqual({
      name: '/conv1/Conv',
      op: 'Conv',
      inputs: [[1, 3, 32, 32]],
      output: [1, 16, 32, 32],
      params: 448,
      macs: 442_368,
      activationBytes: 65_536,
      receptiveField: [3, 3],
      receptiveFieldStride: [1, 1],
      receptiveFieldOffset: [-1, -1],
    });
    expect(activationBytes).toBe(layers.reduce((sum: number, layer: { activationBytes: number }) => sum + layer.activationBytes, 0));
    expect(layers.map((layer: { receptiveField: number[] }) => layer.receptiveField[0]).at(-4)).toBe(81);
    expect(Object.keys(memory)).toEqual(['weights', 'activations', 'total']);
  });

  test('the table ends in its totals, the memory and the changes of layout', async () => {
    const { out } = await lanewise('summary', model);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^layer +operator +output +params +MACs +bytes +sees +stride +offset$/);
    expect(out).toMatch(/^ +conv1 +Conv +1×16×32×32 +448 +442,368 +64\.0 KiB +3×3 +1 +-1$|^\/conv1\/Conv +Conv +1×16×32×32 +448 /m);
    expect(out).toMatch(/^total +271,690 +40,813,184 +/m);
    expect(lines.slice(-3)).toEqual([
      expect.stringMatching(/^\d+ layers, 271,690 parameters, 40,813,184 multiply-accumulates$/),
      expect.stringMatching(/^memory .*: weights .*, activations /),
      "1 change of layout (NCHW at the model's face, NHWC inside)",
    ]);
  });

  test('--shape sets open dimensions', async () => {
    const { out } = await lanewise('summary', model, '--json', '--shape', 'input=4,3,32,32');
    expect(JSON.parse(out).macs).toBe(4 * 40_813_184);
    const wrong = await lanewise('summary', model, '--shape', 'input=4,3,31,32');
    expect(wrong.err).toMatch(/input 'input' takes \[N, 3, 32, 32\], got \[4, 3, 31, 32\]/);
    const unknown = await lanewise('summary', model, '--shape', 'picture=1,3,32,32');
    expect(unknown.err).toMatch(/inputShapes names 'picture'; the model's inputs are 'input'/);
  });
});

describe('verify', () => {
  /** A case of y = x + x, or of an operator that there is none of. */
  function writeCase(name: string, op: string, expected: readonly number[]): void {
    const set = join(folder, 'cases', name, 'test_data_set_0');
    mkdirSync(set, { recursive: true });
    const dims = [2];
    const port = (name: string) => ({ name, type: 'float32' as const, dims });
    const spec = { opset: 13, inputs: [port('x')], outputs: [port('y')], nodes: [{ op, inputs: ['x', 'x'], outputs: ['y'] }] };
    writeFileSync(join(set, '..', 'model.onnx'), encodeModel(spec));
    writeFileSync(join(set, 'input_0.pb'), encodeTensor({ name: 'x', type: 'float32', dims, data: [1, 2] }));
    writeFileSync(join(set, 'output_0.pb'), encodeTensor({ name: 'y', type: 'float32', dims, data: [...expected] }));
  }

  test('counts what passed, failed and is unsupported; fails if anything did', async () => {
    writeCase('right', 'Add', [2, 4]);
    writeCase('wrong', 'Add', [2, 4.25]);
    writeCase('unknown', 'Foo', [2, 4]);
    const { code, out } = await lanewise('verify', join(folder, 'cases'));
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      "unsupported unknown: the model (opset 13) has an unsupported operator: Foo (node 'Foo_0')",
      expect.stringMatching(/^failed wrong: test_data_set_0, output 'y': element 1 is 4, expected 4\.25 /),
      '1 passed, 1 failed, 1 unsupported',
    ]);
    const loose = await lanewise('verify', join(folder, 'cases'), '--atol', '0.5');
    expect(loose.code).toBe(0);
    expect(loose.out).toMatch(/^2 passed, 0 failed, 1 unsupported$/m);
    const json = await lanewise('verify', join(folder, 'cases', 'wrong'), '--json');
    expect(JSON.parse(json.out)).toMatchObject({ passed: 0, failed: 1, unsupported: 0, cases: [{ name: 'wrong', status: 'failed' }] });
  });

  test('--known counts listed failures apart, and tells which of them pass now', async () => {
    writeCase('right', 'Add', [2, 4]);
    writeCase('wrong', 'Add', [2, 4.25]);
    rmSync(join(folder, 'cases', 'unknown'), { recursive: true, force: true });
    const list = join(folder, 'known.txt');
    writeFileSync(list, '# why\n\n  wrong   # rounds to a quarter  \r\nelsewhere\n');
    const { code, out } = await lanewise('verify', join(folder, 'cases'), '--known', list);
    expect(code).toBe(0);
    expect(out).toMatch(/^known wrong: rounds to a quarter; test_data_set_0, output 'y': element 1 is 4, expected 4\.25 /);
    expect(out).toMatch(/^1 passed, 0 failed, 1 known, 0 unsupported$/m);
    const json = JSON.parse((await lanewise('verify', join(folder, 'cases'), '--known', list, '--json')).out);
    expect(json).toMatchObject({ passed: 1, failed: 0, known: 1, unsupported: 0 });
    writeFileSync(list, 'right\n');
    const mended = await lanewise('verify', join(folder, 'cases'), '--known', list);
    expect(mended.code).toBe(1);
    expect(mended.out).toContain(`1 known pass now, take them off ${list}: right\n1 passed, 1 failed, 0 known, 0 unsupported`);
    writeFileSync(list, 'two words\n');
    expect(await lanewise('verify', join(folder, 'cases'), '--known', list)).toMatchObject({
      code: 2,
      err: expect.stringContaining("'two words'"),
    });
    expect((await lanewise('verify', join(folder, 'cases'), '--known', join(folder, 'none.txt'))).err).toContain('FILE_NOT_FOUND');
  });

  test('NaN is never close', async () => {
    writeCase('nan', 'Add', [2, Number.NaN]);
    const { out } = await lanewise('verify', join(folder, 'cases', 'nan'), '--atol', '1000');
    expect(out).toMatch(/element 1 is 4, expected NaN/);
  });

  test('a folder without cases is an error', async () => {
    const { code, err } = await lanewise('verify', 'docs');
    expect(code).toBe(1);
    expect(err).toMatch(/docs holds no model\.onnx/);
  });
});

describe('bench', () => {
  test('--json has the keys of the contract', async () => {
    const { out } = await lanewise('bench', model, '--runs', '2', '--json');
    const result = JSON.parse(out);
    expect(Object.keys(result)).toEqual(['model', 'threads', 'variant', 'loadMs', 'firstMs', 'medianMs', 'minMs', 'memory']);
    expect(result).toMatchObject({ model, threads: 1, variant: 'strict' });
  });

  test('--batch: pictures a second, on threads too', async () => {
    const result = JSON.parse((await lanewise('bench', model, '--runs', '2', '--batch', '3', '--threads', '2', '--json')).out);
    expect(result).toMatchObject({ threads: 2, variant: 'strict-threads', batch: 3 });
    expect(result.picturesPerSecond).toBeCloseTo(3000 / result.medianMs);
    expect((await lanewise('bench', model, '--batch', '3', '--shape', 'input=1,3,32,32')).err).toMatch(
      'no input leaves its first dimension open',
    );
  });
});

if (existsSync('dist/cli.js')) {
  test('the built command runs', () => {
    expect(execFileSync(process.execPath, ['bin/lanewise.mjs', '--help'], { encoding: 'utf8' })).toMatch(/lanewise verify DIR/);
  });
} else {
  skip('the built command', 'dist/ is not there');
}
