// What a program prints that does not catch an error: the package as it is built, in real processes, to a file and to a pipe.

import { spawnSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { encodeModel } from './formats/onnx-writer.ts';
import { zip } from './formats/zip.ts';
import { tool } from './platforms/harness/setup.mjs';

const MOST_BYTES = 2048;
const MOST_LINES = 15;

const root = fileURLToPath(new URL('..', import.meta.url));
// A stack has the paths of files, with links followed.
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lanewise-uncaught-')));
const home = join(folder, 'node_modules/lanewise');
mkdirSync(home, { recursive: true });
for (const part of ['dist', 'package.json']) cpSync(join(root, part), join(home, part), { recursive: true });
cpSync(join(root, 'models/cifar10-resnet20/model.onnx'), join(folder, 'model.onnx'));
writeFileSync(join(folder, 'unet.pt'), zip('unet/data.pkl', 'unet/code/__torch__.py', 'unet/constants.pkl'));
writeFileSync(
  join(folder, 'twice.onnx'),
  encodeModel({
    opset: 13,
    inputs: [{ name: 'x', dims: [2] }],
    outputs: [{ name: 'y', dims: [2] }],
    // The operator runs after a stretch of the program, and so after a wait, with threads.
    nodes: [
      { op: 'Relu', inputs: ['x'], outputs: ['r'] },
      { op: 'Twice', domain: 'my.ops', name: 'n', inputs: ['r'], outputs: ['y'] },
    ],
  }),
);
afterAll(() => rmSync(folder, { recursive: true }));

interface Case {
  /** The program: the line that `// here` ends is the first frame's. */
  readonly code: string;
  readonly sentence: string;
  readonly cause?: string;
  /** CommonJS. */
  readonly required?: boolean;
}

const wrongLayout = "const tensor = new Tensor('float32', new Float32Array(3072), [1, 32, 32, 3]);";
const ofModel = (options: string, call: string): Case => ({
  code: `import { load, Tensor } from 'lanewise';\nconst model = await load('model.onnx', ${options});\n${wrongLayout}\n${call} // here`,
  sentence: "input 'input' takes [N, 3, 32, 32], got [1, 32, 32, 3]",
});
const run = 'await model.run({ input: tensor });';
const missing = { sentence: 'missing.onnx could not be read: there is no such file', cause: 'Error: ENOENT: no such file or directory' };
const operator = (options: string): Case => ({
  code: `import { defineOp, load, Tensor } from 'lanewise';
const run = () => { throw new TypeError('it broke'); };
const twice = defineOp({ name: 'Twice', domain: 'my.ops', run });
const model = await load('twice.onnx', { operators: [twice], ...${options} });
await model.run({ x: new Tensor('float32', [1, 2], [2]) }); // here`,
  sentence: "my.ops.Twice 'n': it broke",
  cause: 'TypeError: it broke at Object.run (FOLDER/program.mjs:2:',
});

const cases: Record<string, Case> = {
  'a missing file': { code: "import { load } from 'lanewise';\nawait load('missing.onnx'); // here", ...missing },
  'a file of another kind': {
    code: "import { load } from 'lanewise';\nawait load('unet.pt'); // here",
    sentence:
      "unet.pt is not an ONNX model: it is a TorchScript model: write it by torch.onnx.export(torch.jit.load('model.pt'), example, 'model.onnx') in Python",
    cause: 'LanewiseError: unet.pt is not an ONNX model',
  },
  runSync: ofModel('{}', 'model.runSync({ input: tensor });'),
  run: ofModel('{}', run),
  'threads: 2': ofModel('{ threads: 2 }', run),
  'worker: true': ofModel('{ worker: true }', run),
  'a tensor': {
    code: "import { Tensor } from 'lanewise';\nnew Tensor('float32', new Float32Array(5), [1, 3]); // here",
    sentence: 'a float32 tensor of [1, 3] holds 3 elements, got 5',
  },
  layers: {
    code: "import { conv2d, input } from 'lanewise/layers';\nconst x = input([3, 8, 8]);\nconv2d(x, 4, 3, { strid: 2 }); // here",
    sentence: "conv2d has no option 'strid': did you mean 'stride'?",
  },
  vision: {
    code: "import { cifar10, toTensor } from 'lanewise/vision';\nconst data = new Uint8Array(5);\ntoTensor({ width: 2, height: 2, channels: 3, data }, cifar10); // here",
    sentence: 'the picture of 2×2×3 has 12 bytes, got 5',
  },
  runtime: { code: "import { load } from 'lanewise/runtime';\nawait load('missing.onnx'); // here", ...missing },
  'require()': {
    code: "const { Tensor } = require('lanewise');\nfunction make() {\n  return new Tensor('float32', new Float32Array(5), [1, 3]); // here\n}\nmake();",
    sentence: 'a float32 tensor of [1, 3] holds 3 elements, got 5',
    required: true,
  },
  'an unhandled rejection': {
    code: "import { load } from 'lanewise';\nasync function classify(path) {\n  return (await load(path)).outputs; // here\n}\nasync function main() {\n  await classify('missing.onnx');\n}\nmain();",
    ...missing,
  },
  'an operator': operator('{}'),
  'an operator, threads: 2': operator('{ threads: 2 }'),
  'an operator, worker: true': operator('{ worker: true }'),
};

/** A worker that ends, or throws, as a run begins. */
const deadWorker = (options: string, end: string, why: string): Case => ({
  code: `import threads from 'node:worker_threads';
import { load, Tensor } from 'lanewise';
const { Worker } = threads;
const started = [];
threads.Worker = class extends Worker { constructor(...args) { super(...args); started.push(this); } };
const model = await load('model.onnx', ${options});
const tensor = new Tensor('float32', new Float32Array(3072), [1, 3, 32, 32]);
await model.run({ input: tensor });
${end};
await model.run({ input: tensor }); // here`,
  sentence: `a worker that ran the model failed: ${why}`,
});
for (const options of ['{ threads: 2 }', '{ worker: true }']) {
  cases[`a worker that ends, ${options}`] = deadWorker(options, 'started[0].terminate()', 'it ended (exit code 1)');
  // A memory that it does not have.
  const job = "{ kind: 'job', memoryId: 99 }";
  cases[`a worker that throws, ${options}`] = deadWorker(
    options,
    `started[0].postMessage(${job})`,
    "Cannot destructure property 'join' of",
  );
}

function write({ code, required }: Case): string {
  const path = join(folder, required ? 'program.cjs' : 'program.mjs');
  writeFileSync(path, code);
  return path;
}

/** What a program prints to a file. */
function printed(node: string, path: string): string {
  const out = join(folder, 'out.txt');
  const file = openSync(out, 'w');
  const { status } = spawnSync(node, [path], { cwd: folder, stdio: ['ignore', file, file], timeout: 60_000, env: environment });
  closeSync(file);
  expect(status).toBe(1);
  return readFileSync(out, 'utf8');
}

const { NODE_OPTIONS: _, ...environment } = process.env;

function check(node: string, one: Case): void {
  const path = write(one);
  const text = printed(node, path);
  const lines = text.split('\n');
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MOST_BYTES);
  expect(lines.length).toBeLessThanOrEqual(MOST_LINES);
  expect(lines.filter((line) => line.startsWith(`LanewiseError: ${one.sentence}`)).length).toBe(1);
  const [first] = lines.filter((line) => /^ {4}at /.test(line));
  const line = one.code.split('\n').findIndex((each) => each.endsWith('// here')) + 1;
  expect(first).toContain(`${path}:${line}:`);
  expect(text).not.toContain('lanewise/dist');
  for (const each of lines) expect(each.length).toBeLessThan(250);
  const causes = lines.filter((each) => /caused by/.test(each));
  expect(causes.length).toBe(one.cause ? 1 : 0);
  if (one.cause) expect(causes[0]?.replace('file://', '')).toContain(`    caused by ${one.cause.replace('FOLDER', folder)}`);
}

test.each(Object.keys(cases))('%s: the sentence, the caller, one line for the cause', (name) =>
  check(process.execPath, cases[name] as Case),
);

test('under other versions of Node, where tests/platforms has them', () => {
  for (const version of [20, 22, 24, 26]) {
    const node = tool(`node${version}`);
    if (!node || node === process.execPath) continue;
    for (const name of ['a missing file', 'runSync', 'an unhandled rejection', 'require()', 'an operator'])
      check(node, cases[name] as Case);
  }
}, 60_000);

test('nothing is lost in a pipe', () => {
  if (process.platform === 'win32') return;
  for (const name of ['a missing file', 'a file of another kind', 'runSync', 'require()']) {
    const one = cases[name] as Case;
    const path = write(one);
    for (let i = 0; i < 4; i++) {
      const command = `"${process.execPath}" "${path}" 2>&1 | grep '^LanewiseError'`;
      const { stdout } = spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8', timeout: 60_000, env: environment });
      expect(stdout).toContain(one.sentence);
    }
  }
});

test('a line of code that Node would print is left out, in every file of the package', () => {
  const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
  expect(files.length).toBeGreaterThan(40);
  for (const file of files) {
    const code = readFileSync(join(root, 'dist', file), 'utf8').replace(/^\/\*!.*?\*\//s, '');
    const long = code.split('\n').filter((line) => line.length > 100 && !line.includes('node-do-not-add-exception-line'));
    expect([file, ...long.map((line) => line.slice(0, 100))]).toEqual([file]);
  }
});

test("in a bundle, whose frames are the caller's, all of them stay", async () => {
  const path = join(folder, 'bundle.mjs');
  const contents = `import { Tensor } from 'lanewise';\nfunction make() {\n  return new Tensor('float32', [1], [2]);\n}\nmake();`;
  await build({ stdin: { contents, resolveDir: folder }, bundle: true, format: 'esm', platform: 'node', outfile: path });
  const text = printed(process.execPath, path);
  expect(text).toMatch(/^LanewiseError: a float32 tensor of \[2\] holds 2 elements, got 1\n {4}at .*bundle\.mjs/m);
  expect(text).toMatch(/ {4}at make \(.*bundle\.mjs/);
});
