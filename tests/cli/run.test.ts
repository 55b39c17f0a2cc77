import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { progressLine } from '../../src/cli/progress.ts';
import { readNpy, writeNpy } from '../../src/formats/npy.ts';
import { writeOnnx } from '../../src/formats/onnx/writer.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import { Tensor } from '../../src/index.ts';
import { encodeModel } from '../formats/onnx-writer.ts';
import { lanewise } from './lanewise.ts';

const cifar = 'models/cifar10-resnet20/model.onnx';
const cat = 'models/cat.png';

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-run-'));
  const sum = new GraphBuilder('sum');
  sum.output('y', sum.node('Add', [sum.input('a', [2]), sum.input('b', [2])]));
  writeFileSync(at('sum.onnx'), writeOnnx(sum.build()));
  writeArray('one', [1, 2], [2]);
  writeArray('two', [10, 20], [2]);
});
afterAll(() => rmSync(folder, { recursive: true }));

function writeArray(name: string, values: readonly number[], dims: readonly number[]): string {
  const path = at(`${name}.npy`);
  writeFileSync(path, writeNpy(new Tensor('float32', [...values], dims)));
  return path;
}

/** A model that gives what it takes. */
function same(name: string, dims: readonly (number | string)[], ops: readonly string[] = ['y']): string {
  const g = new GraphBuilder('same');
  const x = g.input('x', [...dims]);
  for (const op of ops) g.output(op, g.node('Identity', [x]));
  writeFileSync(at(name), writeOnnx(g.build()));
  return at(name);
}

describe('inputs', () => {
  test('by name, in any order; one that is left without', async () => {
    for (const words of [
      [`b=${at('two.npy')}`, `a=${at('one.npy')}`],
      [`b=${at('two.npy')}`, at('one.npy')],
    ]) {
      const { code, out } = await lanewise('run', at('sum.onnx'), ...words, '--json');
      expect([code, JSON.parse(out).outputs[0].data]).toEqual([0, [11, 22]]);
    }
    expect(JSON.parse((await lanewise('run', cifar, `input=${cat}`, '--json')).out)).toMatchObject({
      input: cat,
      classes: [{ label: 'cat' }, {}, {}, {}, {}],
    });
  });

  test('several are run one after another, whatever their shapes; --json prints a line for each', async () => {
    const paths = [writeArray('short', [1, 2], [1, 2]), writeArray('long', [1, 2, 3], [1, 3])];
    const { code, out } = await lanewise('run', same('any.onnx', [1, 'W']), ...paths, '--json');
    expect(code).toBe(0);
    const lines = out.split('\n').map((line) => JSON.parse(line));
    expect(lines.map(({ input, outputs }) => [input, outputs[0].dims])).toEqual([
      [paths[0], [1, 2]],
      [paths[1], [1, 3]],
    ]);
    const { out: text } = await lanewise('run', cifar, cat, cat, '--top', '1');
    expect(text.match(/^ {2}cat .* 99\.9 %$/gm)).toHaveLength(2);
    expect(text.match(/compile/g)).toHaveLength(1);
  });

  test("a file's name may have an equals sign", async () => {
    writeFileSync(at('x=1.png'), readFileSync(cat));
    expect((await lanewise('run', cifar, at('x=1.png'))).code).toBe(0);
  });

  test.each([
    [
      () => ['one.npy', 'two.npy'].map(at),
      (a: string, b: string) => `the model has 2 inputs, so say which file is for which: a=${a} b=${b}`,
    ],
    [() => [at('one.npy')], (a: string) => `the model has 2 inputs, so say which file is for which: a=${a} b=FILE`],
    [() => ['a=p', 'a=q'], () => "input 'a' is given twice"],
    [() => ['a=p', 'c=q'], () => "the model has no input 'c': it has 'a', 'b'"],
    [() => ['a=p', 'b=q', 'r'], () => "'r' is for no input: all of them are given by name"],
  ])('wrong names, %#', async (words, message) => {
    const args = words();
    const { code, err } = await lanewise('run', at('sum.onnx'), ...args);
    expect([code, err]).toEqual([2, `lanewise: ${message(args[0] as string, args[1] as string)}; see lanewise help run`]);
  });

  test('a picture for channels last', async () => {
    const { code, out } = await lanewise('run', same('last.onnx', [1, 32, 32, 3]), cat, '--preset', 'cifar10', '--json');
    expect([code, JSON.parse(out).outputs[0].dims]).toEqual([0, [1, 32, 32, 3]]);
  });
});

describe('--save', () => {
  test('.npy of the only output, or of a named one; --json tells', async () => {
    const { out } = await lanewise(
      'run',
      at('sum.onnx'),
      `a=${at('one.npy')}`,
      `b=${at('two.npy')}`,
      '--save',
      at('sum.npy'),
      '--save',
      `y=${at('y.npy')}`,
      '--json',
    );
    expect(JSON.parse(out).saved).toEqual([
      { output: 'y', file: at('sum.npy'), as: 'float32 [2]' },
      { output: 'y', file: at('y.npy'), as: 'float32 [2]' },
    ]);
    for (const name of ['sum.npy', 'y.npy']) expect(readNpy(readFileSync(at(name)))).toEqual(new Tensor('float32', [11, 22]));
  });

  test('{} stands for the input', async () => {
    await lanewise('run', same('row.onnx', [2]), at('one.npy'), at('two.npy'), '--save', at('{}-out.npy'));
    expect([...readNpy(readFileSync(at('two-out.npy'))).data]).toEqual([10, 20]);
    expect(existsSync(at('one-out.npy'))).toBe(true);
  });

  /** Saves an array as a picture; its bytes, and what was printed about it. */
  async function picture(values: readonly number[], dims: readonly number[], ...options: string[]) {
    const { code, out, err } = await lanewise(
      'run',
      same('p.onnx', dims),
      writeArray('p', values, dims),
      '--save',
      at('p.png'),
      ...options,
    );
    if (code !== 0) return err;
    const { channels } = await sharp(at('p.png')).metadata();
    const space = channels === 1 ? 'b-w' : 'srgb';
    const { data, info } = await sharp(at('p.png')).toColourspace(space).raw().toBuffer({ resolveWithObject: true });
    const said = out.split('\n').find((line) => line.includes('→'));
    return [info.width, info.height, channels, [...data], said?.replace(/^.*p\.png: /, '')];
  }

  test.each([
    [[0, 0.5, 1, 0.25], [1, 1, 2, 2], [], [2, 2, 1, [0, 128, 255, 64], '2×2 grey (CHW), values 0 to 1, of which 0 is black and 1 white']],
    // A little outside, as networks overshoot.
    [[-0.1, 1.1], [1, 1, 2], [], [2, 1, 1, [0, 255], '2×1 grey (CHW), values -0.1 to 1.1, of which 0 is black and 1 white']],
    [[-30, 270, 128], [1, 3, 1, 1], [], [1, 1, 3, [0, 255, 128], '1×1 RGB (CHW), values -30 to 270, of which 0 is black and 255 white']],
    [
      [1, 2, 3, 4, 5, 6],
      [1, 1, 2, 3],
      [],
      [3, 2, 1, [1, 2, 3, 4, 5, 6], '3×2 grey (CHW), values 1 to 6, of which 0 is black and 255 white'],
    ],
    // Planes become pixels.
    [
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 4, 1, 2],
      [],
      [2, 1, 4, [1, 3, 5, 7, 2, 4, 6, 8], '2×1 RGBA (CHW), values 1 to 8, of which 0 is black and 255 white'],
    ],
    [
      [10, 20, 30, 40, 50, 60],
      [1, 2, 1, 3],
      [],
      [1, 2, 3, [10, 20, 30, 40, 50, 60], '1×2 RGB (HWC), values 10 to 60, of which 0 is black and 255 white'],
    ],
    [[-1, 0, 1], [1, 3], ['--range=-1,1'], [3, 1, 1, [0, 128, 255], '3×1 grey (CHW), values -1 to 1, of which -1 is black and 1 white']],
    [[Number.NaN, 255], [1, 2], [], [2, 1, 1, [0, 255], '2×1 grey (CHW), values 255 to 255, of which 0 is black and 255 white']],
  ])('a picture of %j, %j %j', async (values, dims, options, expected) => {
    const got = await picture(values, dims, ...options);
    expect(got).toEqual(expected);
  });

  test.each([
    [[-8, 9], [1, 2], /output 'y' has values from -8 to 9, neither 0 to 1 nor 0 to 255: say which are black and white with --range=-8,9/],
    [[0, 1.5], [1, 2], /neither 0 to 1 nor 0 to 255/],
    [[0, 1000], [1, 2], /--range=0,1000/],
    [[0, 1, 2, 3], [2, 2, 1, 1], /of \[2, 2, 1, 1\] is no picture/],
    [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 5, 1, 2], /is no picture, which has 1, 3 or 4 channels/],
    [[Number.NaN], [1, 1], /no finite value/],
  ])('no picture: %j, %j', async (values, dims, message) => {
    expect(await picture(values, dims)).toMatch(message);
  });

  test('uint8 and bool as they are', async () => {
    const port = (name: string, type: 'float32' | 'uint8' | 'bool') => ({ name, type, dims: [1, 3] });
    const model = encodeModel({
      opset: 13,
      inputs: [port('x', 'float32')],
      outputs: [port('bytes', 'uint8'), port('flags', 'bool')],
      nodes: [
        { op: 'Cast', inputs: ['x'], outputs: ['bytes'], attributes: { to: 2 } },
        { op: 'Cast', inputs: ['x'], outputs: ['flags'], attributes: { to: 9 } },
      ],
    });
    writeFileSync(at('typed.onnx'), model);
    const { code, out } = await lanewise(
      'run',
      at('typed.onnx'),
      writeArray('t', [0, 1, 200], [1, 3]),
      '--save',
      `bytes=${at('b.png')}`,
      '--save',
      `flags=${at('f.png')}`,
    );
    expect([code, out]).toEqual([0, expect.stringContaining('b.png: 3×1 grey (CHW), values 0 to 200, of which 0 is black and 255 white')]);
    expect([...(await sharp(at('b.png')).toColourspace('b-w').raw().toBuffer())]).toEqual([0, 1, 200]);
    expect([...(await sharp(at('f.png')).toColourspace('b-w').raw().toBuffer())]).toEqual([0, 255, 255]);
  });

  test('what is wrong is said in a sentence', async () => {
    const two = same('two.onnx', [2], ['y', 'z']);
    const one = at('one.npy');
    for (const [args, code, message] of [
      [[two, one, '--save', 'out.npy'], 2, "--save out.npy: which output? it has 'y', 'z': --save y=out.npy"],
      [[two, one, '--save', 'q=out.npy'], 2, "--save q=out.npy: the model has no output 'q'; it has 'y', 'z'"],
      [[two, one, '--save', 'y=out.txt'], 2, "--save writes .npy, and pictures as .png, .jpg, .jpeg, .webp; got 'y=out.txt'"],
      [[two, one, one, '--save', 'y=out.npy'], 2, "several inputs would be written to 'y=out.npy'; {} stands for the input's name"],
      [[two, one, '--save', `y=${at('none/out.npy')}`], 1, 'could not be written'],
      [[two, one, '--range', '1'], 2, "--range takes LOW,HIGH such as -1,1, got '1'"],
      [[two, one, '--range', '2,1'], 2, "got '2,1'"],
      [
        [same('alpha.onnx', [1, 4, 1, 1]), writeArray('alpha', [1, 2, 3, 4], [1, 4, 1, 1]), '--save', at('a.jpg')],
        1,
        'JPEG holds no alpha',
      ],
    ] as const) {
      const result = await lanewise('run', ...args);
      expect([result.code, result.err]).toEqual([code, expect.stringContaining(message)]);
      expect(result.err).not.toContain('\n');
    }
  });
});

describe('URLs', () => {
  let server: Server;
  let origin: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      const path = pathname === '/cat.png' ? cat : join('models/cifar10-resnet20', pathname.replace('/broken', ''));
      if (pathname === '/broken/preprocessor_config.json') {
        response.writeHead(200, { 'content-length': 100 }).write('{', () => response.destroy());
      } else if (existsSync(path)) response.end(readFileSync(path));
      else response.writeHead(404).end('<html>not here</html>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test('a model and a picture, with what lies beside the model: the bits of files', async () => {
    const { code, out } = await lanewise('run', `${origin}/model.onnx`, `${origin}/cat.png?size=full`, '--json');
    const { outputs, classes } = JSON.parse(out);
    expect([code, classes[0].label]).toEqual([0, 'cat']);
    expect(outputs).toEqual(JSON.parse((await lanewise('run', cifar, cat, '--json')).out).outputs);
    expect(outputs).toEqual(JSON.parse((await lanewise('run', pathToFileURL(cifar).href, pathToFileURL(cat).href, '--json')).out).outputs);
  });

  test('other commands take them, too', async () => {
    expect(JSON.parse((await lanewise('summary', `${origin}/model.onnx`, '--json')).out).params).toBe(271_690);
    expect((await lanewise('convert', `${origin}/model.onnx`, at('c.onnx'))).code).toBe(0);
    expect((await lanewise('bench', `${origin}/model.onnx`, '--runs', '1')).code).toBe(0);
  });

  test('what is missing', async () => {
    const { code, err } = await lanewise('run', `${origin}/none.onnx`, cat);
    expect([code, err]).toEqual([1, `lanewise: ${origin}/none.onnx could not be read: HTTP 404 Not Found [FILE_NOT_FOUND]`]);
    for (const args of [
      ['https://', cat],
      [cifar, 'http://[::1'],
    ]) {
      const wrong = args.find((arg) => /^http/.test(arg));
      const { code, err } = await lanewise('run', ...args);
      expect([code, err]).toEqual([1, `lanewise: ${wrong} could not be read: it is no valid URL [FILE_NOT_FOUND]`]);
    }
    const refused = await lanewise('summary', 'http://127.0.0.1:1/model.onnx');
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringMatching(/^lanewise: http:.*model\.onnx could not be read: .+ \[FILE_NOT_FOUND\]$/),
    ]);
  });

  test('what breaks off beside the model', async () => {
    const { code, err } = await lanewise('run', `${origin}/broken/model.onnx`, cat);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^lanewise: http:.*\/broken\/preprocessor_config\.json could not be read: .+ \[FILE_NOT_FOUND\]$/),
    ]);
  });

  test('progress is shown on a terminal alone, and cleared', async () => {
    const written: string[] = [];
    const { stderr, env } = process;
    const before = { isTTY: stderr.isTTY, write: stderr.write, TERM: env.TERM };
    const run = async (isTTY: boolean, ...args: string[]) => {
      written.length = 0;
      Object.assign(stderr, { isTTY, write: (text: string) => written.push(text) });
      env.TERM = 'xterm';
      try {
        expect((await lanewise('summary', `${origin}/model.onnx`, ...args)).code).toBe(0);
      } finally {
        Object.assign(stderr, { isTTY: before.isTTY, write: before.write });
        env.TERM = before.TERM ?? '';
      }
      return written;
    };
    const lines = [...(await run(true))];
    expect(lines[0]?.startsWith('\r\x1b[2Kmodel.onnx  ')).toBe(true);
    expect(lines.at(-1)).toBe('\r\x1b[2K');
    expect(lines.join('')).not.toContain('\n');
    expect(await run(true, '--json')).toEqual([]);
    expect(await run(false)).toEqual([]);
  });

  test('the line of progress fits', () => {
    expect(progressLine('m.onnx', 512 * 1024, 2 ** 20, 1000, 80)).toBe(
      `m.onnx  ${'█'.repeat(12)}${'░'.repeat(12)} 50 % of 1.00 MiB 512.0 KiB/s`,
    );
    expect(progressLine('m.onnx', 2 ** 19, 2 ** 20, 1000, 40)).toBe('m.onnx  50 % of 1.00 MiB 512.0 KiB/s');
    expect(progressLine('m.onnx', 2 ** 19, 0, 1000, 80)).toBe('m.onnx  512.0 KiB 512.0 KiB/s');
    for (const columns of [10, 20, 30, 60, 200])
      expect(progressLine('n'.repeat(50), 2 ** 30, 2 ** 31, 99, columns).length).toBeLessThan(columns);
  });
});
