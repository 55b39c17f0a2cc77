import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileModel } from '../../src/compiled/write.ts';
import { lanewise } from './lanewise.ts';

const model = 'models/cifar10-resnet20/model.onnx';
let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-compile-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('compile writes what compileModel gives, and run and bench take it', async () => {
  const { code, out } = await lanewise('compile', model, at('m.lanewise'));
  expect([code, out]).toEqual([0, `${at('m.lanewise')}: weights f32, 1.04 MiB`]);
  expect(readFileSync(at('m.lanewise')).equals(await compileModel(model))).toBe(true);
  const run = await lanewise('run', at('m.lanewise'), 'models/cat.png', '--preset', 'cifar10', '--json');
  const { outputs, classes } = JSON.parse(run.out);
  expect(classes[0].label).toBe('cat');
  expect(outputs).toEqual(JSON.parse((await lanewise('run', model, 'models/cat.png', '--json')).out).outputs);
  const bench = JSON.parse((await lanewise('bench', at('m.lanewise'), '--runs', '2', '--json')).out);
  expect(bench.memory).toEqual(JSON.parse((await lanewise('bench', model, '--runs', '2', '--json')).out).memory);
});

test('--weights f16 takes half, --shape a batch', async () => {
  expect((await lanewise('compile', model, at('half.lanewise'), '--weights', 'f16', '--shape', 'input=2,3,32,32')).code).toBe(0);
  expect(statSync(at('half.lanewise')).size / statSync(model).size).toBeLessThan(0.53);
  const { code, err } = await lanewise('bench', at('half.lanewise'), '--runs', '1', '--shape', 'input=1,3,32,32');
  expect([code, err]).toEqual([1, "lanewise: input 'input' takes [2, 3, 32, 32], got [1, 3, 32, 32] [INVALID_INPUT]"]);
  expect((await lanewise('bench', at('half.lanewise'), '--runs', '1', '--threads', '2')).code).toBe(0);
});

test.each([
  [['compile', model], 'compile takes a model and a file to write'],
  [['compile', model, 'x.onnx'], "compile writes compiled models, not 'x.onnx': name it something.lanewise"],
  [['compile', model, 'x.lanewise', '--weights', 'f8'], "--weights takes f32 or f16, got 'f8'"],
  [['compile', model, 'x.lanewise', '--threads', '65'], "--threads takes a whole number from 1 to 64, got '65'"],
])('%j makes no sense', async (args, message) => {
  const { code, err } = await lanewise(...(args as string[]));
  expect([code, err]).toEqual([2, `lanewise: ${message}; see lanewise help compile`]);
});

test('commands that need the graph say so, and so does --no-winograd', async () => {
  await lanewise('compile', model, at('m.lanewise'));
  for (const args of [
    ['summary', at('m.lanewise')],
    ['convert', at('m.lanewise'), at('x.onnx')],
    ['compile', at('m.lanewise'), at('y.lanewise')],
  ]) {
    const { code, err } = await lanewise(...args);
    expect([code, err]).toEqual([
      1,
      `lanewise: ${at('m.lanewise')} is compiled: this command needs the ONNX file that it was made of [UNSUPPORTED]`,
    ]);
  }
  const { err } = await lanewise('bench', at('m.lanewise'), '--no-winograd');
  expect(err).toBe(`lanewise: --no-winograd: ${at('m.lanewise')} is compiled already [INVALID_INPUT]`);
});
