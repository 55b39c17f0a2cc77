import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOnnx, readSafetensors } from '../../src/formats/index.ts';
import type { Constant } from '../../src/graph/graph.ts';
import { zoo } from '../../src/zoo/index.ts';
import { lanewise } from './lanewise.ts';

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-export-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Every tensor's shape and bits, the latter hashed. */
const contents = (tensors: ReadonlyMap<string, Constant>) =>
  new Map([...tensors].map(([name, { dims, read }]) => [name, `${dims}: ${createHash('sha256').update(read()).digest('hex')}`]));

test('the same weights as .onnx and as .safetensors', async () => {
  const { code, out } = await lanewise('export', 'resnet20', at('net.onnx'));
  // 19 convolutions, 4 tensors for each one's batch-norm, and a dense layer; 269,722 + 2 * 688 statistics of 4 bytes, and the graph.
  expect(out).toBe(`${at('net.onnx')}: resnet20 with random weights (seed 0), 97 tensors, 1.05 MiB`);
  expect(code).toBe(0);
  const graph = readOnnx(readFileSync(at('net.onnx')), 'net.onnx');
  expect(graph.metadata).toEqual(
    new Map([
      ['producer_name', 'lanewise'],
      ['model', 'resnet20'],
      ['weights', 'random, seed 0'],
    ]),
  );
  expect((await lanewise('export', 'resnet20', at('net.SafeTensors'))).code).toBe(0);
  const { tensors, metadata } = readSafetensors(readFileSync(at('net.SafeTensors')), 'net.safetensors');
  expect(contents(tensors)).toEqual(contents(graph.constants));
  expect(metadata.get('model')).toBe('resnet20');
  // It is a model that the other commands take.
  const summary = JSON.parse((await lanewise('summary', at('net.onnx'), '--json')).out);
  expect(summary.macs).toBeGreaterThan(40e6);
});

test('--seed, --classes and --shape', async () => {
  const read = async (...options: string[]) => {
    expect((await lanewise('export', 'resnet20', at('seeded.safetensors'), ...options)).code).toBe(0);
    return readSafetensors(readFileSync(at('seeded.safetensors')), 'seeded').tensors;
  };
  const seventh = await read('--seed', '7', '--classes', '4');
  expect(seventh.get('fc.weight')?.dims).toEqual([4, 64]);
  expect(contents(await read('--seed', '7', '--classes', '4'))).toEqual(contents(seventh));
  const data = (tensors: ReadonlyMap<string, Constant>) => [...(tensors.get('conv1.weight') as Constant).read()];
  expect(data(await read('--seed', '8', '--classes', '4'))).not.toEqual(data(seventh));
  expect((await lanewise('export', 'resnet20', at('grey.onnx'), '--shape', '1,28,20')).code).toBe(0);
  expect(readOnnx(readFileSync(at('grey.onnx')), 'grey').inputs[0]?.dims).toEqual(['N', 1, 28, 20]);
});

test('what is wrong is said in a sentence', async () => {
  const out = at('wrong.onnx');
  for (const [args, code, sentence] of [
    [['resnet21', out], 1, `the zoo has no 'resnet21'; it has ${[...zoo.keys()].join(', ')} [INVALID_INPUT]`],
    [['constructor', out], 1, "the zoo has no 'constructor'"],
    [['resnet20', at('none/net.onnx')], 1, 'net.onnx could not be written'],
    [['resnet20', out, '--classes', '99999999999999'], 1, '[TOO_LARGE]'],
    [['resnet20'], 2, 'export takes a name and a file to write'],
    [['resnet20', out, 'more'], 2, 'export takes a name and a file to write'],
    [['resnet20', at('net.pt')], 2, `export writes .onnx and .safetensors, not '${at('net.pt')}'`],
    [['resnet20', out, '--seed', '-1'], 2, '--seed'],
    [['resnet20', out, '--seed', 'x'], 2, "--seed takes a whole number from 0 on, got 'x'"],
    [['vgg16', out, '--shape', '3,9,9'], 1, "maxPool2d 'features.23' of [N, 512, 1, 1]: "],
    [['resnet20', out, '--shape', '32,32'], 2, "--shape takes CHANNELS,HEIGHT,WIDTH such as 3,224,224, got '32,32'"],
    [['resnet20', out, '--shape', '3,32,-1'], 2, "got '3,32,-1'"],
    [['resnet20', out, '--shape', ''], 2, '--shape takes CHANNELS,HEIGHT,WIDTH'],
    [['resnet20', out, '--classes', '0'], 2, "--classes takes a whole number from 1 on, got '0'"],
  ] as const) {
    const result = await lanewise('export', ...args);
    expect(result.err).toContain(sentence);
    expect(result.code).toBe(code);
  }
  expect(existsSync(out)).toBe(false);
});
