// Errors that can be read whatever a file calls its parts, and whatever became of its bytes.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOnnx, readSafetensors, writeNpy, writeOnnx } from '../src/formats/index.ts';
import { LanewiseError, load, Tensor } from '../src/index.ts';
import * as layers from '../src/layers/index.ts';
import { lanewise } from './cli/lanewise.ts';
import { failure } from './failure.ts';
import { encodeModel, encodeTensor } from './formats/onnx-writer.ts';
import { ones } from './runtime/models.ts';

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test('long names are cut, and the sentence around them stays', () => {
  const name = 'n'.repeat(40_000_000);
  const cut = `${'n'.repeat(50)}`;
  for (const message of [`node '${name}': it fails`, `node ${name}: it fails`, `node '${'n '.repeat(20_000_000)}': it fails`]) {
    const error = new LanewiseError('INVALID_MODEL', message);
    expect(error.message.length).toBeLessThan(300);
    expect(error.message).toMatch(/^node .*\.\.\..*: it fails$/);
  }
  expect(new LanewiseError('INVALID_MODEL', `'${name}' and '${'m'.repeat(300)}' differ`).message).toMatch(
    /^'n{50,}\.\.\..*m{50,}' differ$/,
  );
  expect(new LanewiseError('INVALID_MODEL', `'a' and '${cut}' of the model's nodes`).message).toBe(`'a' and '${cut}' of the model's nodes`);
  // Not only names: lists.
  const list = Array.from({ length: 100_000 }, (_, i) => `'${i}'`).join(', ');
  const long = new LanewiseError('INVALID_INPUT', `the model has no input 'x'; it has ${list}`).message;
  expect(long.length).toBeLessThan(5000);
  expect(long).toMatch(/^the model has no input 'x'; it has '0', '1', .*\.\.\..*, '99999'$/);
});

test('a file with names of megabytes gives short errors, soon', async () => {
  const long = 'x'.repeat(10_000_000);
  const value = { name: 'a', dims: [1] };
  const output = { name: 'y', dims: [1] };
  const file = (node: { op: string; name?: string; inputs: string[]; outputs: string[]; domain?: string }, input = value) =>
    encodeModel({ opset: 13, inputs: [input], outputs: [output], nodes: [node] });
  const models = [
    file({ op: long, inputs: ['a'], outputs: ['y'] }),
    file({ op: 'Relu', name: long, inputs: ['b'], outputs: ['y'] }),
    file({ op: 'Relu', inputs: [long], outputs: ['y'] }),
    file({ op: 'Gather', name: long, inputs: ['a'], outputs: ['y'] }),
    file({ op: 'Twice', domain: long, name: long, inputs: ['a'], outputs: ['y'] }),
    file({ op: 'Relu', inputs: [long], outputs: ['z'] }, { name: long, dims: [1] }),
  ];
  for (const bytes of models) {
    const start = performance.now();
    const error = (await refusal(load(bytes))) as LanewiseError;
    expect(error).toBeInstanceOf(LanewiseError);
    expect(error.message.length).toBeLessThan(1000);
    expect(error.stack?.length).toBeLessThan(10_000);
    expect(performance.now() - start).toBeLessThan(3000);
  }
  const model = await load(file({ op: 'Relu', inputs: [long], outputs: ['y'] }, { name: long, dims: [1] }));
  expect(failure(() => model.runSync({})).message.length).toBeLessThan(1000);
  expect(failure(() => model.runSync({ [`${long}y`]: ones([1]) })).message.length).toBeLessThan(1000);
});

describe('the stack', () => {
  const { stackTraceLimit } = Error;
  const { prepareStackTrace } = Error;
  afterEach(() => {
    Error.stackTraceLimit = stackTraceLimit;
    Object.assign(Error, { prepareStackTrace });
  });
  const made = (cause?: unknown) => new LanewiseError('INVALID_INPUT', 'a sentence', cause === undefined ? undefined : { cause });
  /** The stack that an engine's would become. */
  const stackOf = (stack: unknown) => {
    Error.prepareStackTrace = () => stack;
    return made().stack;
  };

  test('is without the files of the package and the engine, wherever the package lies', () => {
    const mine = '    at run (file:///home/me/lanewise-demo/dist/app.js:3:4)';
    for (const home of [
      'file:///home/me/node_modules/lanewise',
      'file:///home/me/node_modules/.pnpm/lanewise@0.1.0/node_modules/lanewise',
      'file:///cache/npm/host/lanewise/0.1.0',
      'https://cdn/npm/lanewise@0.1.0',
      'C:\\me\\node_modules\\lanewise',
    ]) {
      const slash = home.includes('\\') ? '\\' : '/';
      const file = `${home}${slash}dist${slash}chunk-core.js`;
      const engine = `    at Array.map (<anonymous>)\n    at node:internal/modules/run_main:3:4\n    at async load (node:fs:1:2)\n    at map (native:1:11)`;
      const inner = `    at eH (${file}:1:2)\n    at async ${file}:1:3\n${engine}`;
      expect(stackOf(`LanewiseError: a sentence\n${inner}\n${mine}\n${inner}`)).toBe(`LanewiseError: a sentence\n${mine}`);
    }
    // Firefox and Safari.
    const inner = 'eH@https://host/lanewise/dist/chunk-core.js:1:2\nasync*@https://host/lanewise/dist/index.js:1:3\nmap@[native code]\n';
    expect(stackOf(`${inner}run@https://host/app.js:3:4\n${inner}`)).toBe('run@https://host/app.js:3:4');
    // What only names such a file stays.
    const sentence = "LanewiseError: /home/lanewise/dist/a.onnx and me@/lanewise/dist/b.onnx\n  missing (1): 'at /lanewise/dist/c'";
    expect(stackOf(`${sentence}\n${mine}`)).toBe(`${sentence}\n${mine}`);
    // Where Error.stackTraceLimit is none.
    expect(stackOf(undefined)).toBe('LanewiseError: a sentence');
  });

  test('has as many frames of the caller as the program wants, and the limit is as it was', () => {
    const deep = (depth: number): LanewiseError => (depth ? deep(depth - 1) : made());
    for (const limit of [0, 3, 10]) {
      Error.stackTraceLimit = limit;
      const { stack } = deep(30);
      expect(stack).toMatch(/^LanewiseError: a sentence/);
      expect(stack?.match(/\n {4}at /g)?.length ?? 0).toBe(limit);
      expect(Error.stackTraceLimit).toBe(limit);
    }
  });

  test('says in a line what caused it; the cause stays as it was', () => {
    const cause = new TypeError('it\nbroke');
    const before = cause.stack;
    const error = made(cause);
    expect(error.cause).toBe(cause);
    expect(cause.stack).toBe(before);
    expect(error.stack?.split('\n').at(-1)).toMatch(/^ {4}caused by TypeError: it\\u000abroke/);
    for (const odd of [
      null,
      0,
      'text',
      Symbol('s'),
      Object.create(null),
      {
        get stack() {
          throw new Error('no');
        },
      },
    ]) {
      expect(made(odd).cause).toBe(odd);
    }
    expect('cause' in made()).toBe(false);
  });
});

const net = () => {
  const x = layers.input([3, 8, 8]);
  return layers.model(x, layers.conv2d(x, 4, 3, { name: 'c' }));
};
const transfer = (buffer: ArrayBufferLike) => void structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });

test('what a model still needs of bytes that were given away is missed in words', async () => {
  // The height is open, so that the first run plans, and reads the weights.
  const file = Uint8Array.from(
    encodeModel({
      inputs: [{ name: 'x', dims: [1, 1, 'h', 3] }],
      outputs: [{ name: 'y', dims: [1, 1, 'h', 3] }],
      initializers: [{ name: 'w', dims: [1, 1, 1, 1], data: Float32Array.of(2) }],
      nodes: [{ op: 'Conv', inputs: ['x', 'w'], outputs: ['y'] }],
    }),
  );
  const model = await load(file);
  transfer(file.buffer);
  expect(failure(() => model.runSync({ x: ones([1, 1, 2, 3]) }))).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringMatching(/w is in a buffer that was transferred/),
  });

  const graph = Uint8Array.from(writeOnnx(net().graph()));
  const { constants } = readOnnx(graph);
  const weights = Uint8Array.from(net().toSafetensors());
  const { tensors } = readSafetensors(weights);
  transfer(graph.buffer);
  transfer(weights.buffer);
  for (const constant of [constants.get('c.weight'), tensors.get('c.weight')]) {
    expect(failure(() => constant?.read()).message).toBe('c.weight is in a buffer that was transferred');
    expect(failure(() => constant?.fill?.(new Float32Array(1), 0)).message).toBe('c.weight is in a buffer that was transferred');
  }
});

test('weights that were set and given away are missed in words', async () => {
  const network = net();
  const [weight] = network.parameters();
  const data = new Float32Array(108);
  weight?.set(data);
  transfer(data.buffer);
  expect(await refusal(network.compile())).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining("'c.weight'") });
  expect(failure(() => network.toONNX()).code).toBe('INVALID_INPUT');
  expect(failure(() => weight?.tensor).code).toBe('INVALID_INPUT');
});

test('a tensor whose elements were given away is told', async () => {
  const tensor = new Tensor('float32', new Float32Array(192), [1, 3, 8, 8]);
  transfer(tensor.data.buffer);
  const model = await net().compile();
  expect(failure(() => model.runSync({ input: tensor })).message).toBe('a float32 tensor of [1, 3, 8, 8] holds 192 elements, got 0');
});

describe('what a terminal would act on', () => {
  // Red, a bell, a false line, the C1 form of escape, and writing from right to left.
  const evil = "x\x1b[31m\x07'\nlanewise: all is well\x9b2J\u202e";
  const shownAs = "x\\u001b[31m\\u0007'\\u000alanewise: all is well\\u009b2J\\u202e";
  const acting = /[\p{Cc}\p{Bidi_Control}]/u;

  test('stands in errors as escapes', async () => {
    expect(new LanewiseError('INVALID_MODEL', `node '${evil}'`).message).toBe(`node '${shownAs}'`);
    const value = { name: 'a', dims: [1] };
    const file = (op: string, name: string, reads = 'a', domain = '') =>
      encodeModel({
        opset: 13,
        inputs: [value],
        outputs: [{ name: 'y', dims: [1] }],
        nodes: [{ op, name, inputs: [reads], outputs: ['y'], domain }],
      });
    const models = [file(evil, 'n'), file('Relu', evil, 'b'), file('Gather', evil), file('Twice', 'n', 'a', evil), file('Relu', 'n', evil)];
    for (const bytes of models) {
      const { message } = (await refusal(load(bytes))) as LanewiseError;
      expect(message).toContain('\\u001b[31m');
      expect(message).not.toMatch(acting);
    }
    const tensors = new Map([[evil, new Tensor('float32', [1])]]);
    const misfit = (await refusal(net().loadWeights(tensors))) as LanewiseError;
    // Its own lines stay.
    expect(misfit.message.split('\n')).toEqual([
      expect.stringMatching(/ do not fit /),
      expect.stringMatching(/^ {2}missing \(2\): /),
      `  unexpected (1): '${shownAs}' float32 [1]`,
    ]);
  });

  test('stands in what the command line prints as escapes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-errors-'));
    const path = join(folder, 'model.onnx');
    const set = join(folder, 'test_data_set_0');
    const input = join(folder, 'x.npy');
    mkdirSync(set);
    const file = encodeModel({
      opset: 13,
      inputs: [{ name: 'x', dims: [1, 2] }],
      outputs: [{ name: evil, dims: [1, 2] }],
      nodes: [{ op: 'Relu', name: evil, inputs: ['x'], outputs: [evil] }],
    });
    writeFileSync(path, file);
    writeFileSync(input, writeNpy(new Tensor('float32', [1, 2], [1, 2])));
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ id2label: { 0: evil, 1: 'b' } }));
    writeFileSync(join(set, 'input_0.pb'), encodeTensor({ name: 'x', dims: [1, 2], data: [1, 2] }));
    writeFileSync(join(set, 'output_0.pb'), encodeTensor({ name: 'y', dims: [1, 2], data: [1, 5] }));
    const commands = [
      ['summary', path],
      ['run', path, input],
      ['verify', folder],
      ['bench', path, '--profile', '--runs', '1'],
    ];
    try {
      for (const command of commands) {
        for (const args of [command, [...command, '--json']]) {
          const { out, err } = await lanewise(...args);
          expect(`${out}${err}`).toContain('\\u001b[31m');
          expect(`${out}${err}`.replaceAll('\n', '')).not.toMatch(acting);
          expect(`${out}${err}`.split('\n').filter((line) => line.startsWith('lanewise:'))).toEqual([]);
          if (args.includes('--json')) expect(JSON.stringify(JSON.parse(out))).toContain(JSON.stringify(evil).slice(0, -1).slice(1, 20));
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
