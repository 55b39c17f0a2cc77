// The examples of docstrings: they compile by strict rules against the package's declarations; those that need no browser and
// no file that is not here run, and what a comment behind a statement gives as its value is its value.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { examplesOf, publicApi } from './publicApi.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
// In the package's own folder, where its name leads to its exports.
const folder = join(root, 'build/examples');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const api = publicApi();
const isExport = ({ name }: { name: string }) => !name.includes('.');

/** What an example without imports, a fragment, may take for given, by its type. */
const given: Readonly<Record<string, string>> = {
  model: "import('lanewise').Model",
  input: 'any',
  pixels: 'Float32Array',
  picture: "import('lanewise/vision').Picture",
  headers: 'Record<string, string>',
  bar: 'HTMLProgressElement',
};

/** What a fragment of `lanewise/train` about a trainer may take for given: it runs. */
const TRAINER = `import { Tensor as Given } from 'lanewise';
import * as layers from 'lanewise/layers';
import * as train from 'lanewise/train';
const features = layers.sequential([layers.conv2d(4, 3), layers.relu], { name: 'features' });
const network = layers.sequential([layers.input([1, 8, 8]), features, layers.flatten, layers.dense(10)]);
const [loss, optimizer] = [train.crossEntropy(), train.sgd({ momentum: 0.9 })];
const t = await train.trainer(network, { loss, optimizer, batch: 4 });
const pictures = new Given(new Float32Array(4 * 8 * 8).fill(0.5), [4, 1, 8, 8]);
const batches: train.Batch[] = [[pictures, [3, 8, 8, 0]]];
const tests = batches;
`;

/** A fragment with the imports that it needs: of its own entry, else of the first that exports the name. */
function whole(entry: string, code: string): string {
  if (/^import /m.test(code)) return code;
  const isFree = (name: string) => new RegExp(`(?<![\\w.'$])${name}(?![\\w'$:])`).test(code) && !declares(code, name);
  const names = new Set(api.filter((one) => isExport(one) && !(one.name in given)).map(({ name }) => name));
  const imports = [...names].filter(isFree).map((name) => {
    const entries = api.filter((other) => other.name === name).map((other) => other.entry);
    return `import { ${name} } from '${entries.includes(entry) ? entry : entries[0]}';\n`;
  });
  const constants = Object.keys(given).filter(isFree);
  if (entry === 'lanewise/train' && isFree('t')) return `${imports.join('')}${TRAINER}{\n${code}\n}`;
  return `${imports.join('')}${constants.map((name) => `declare const ${name}: ${given[name]};\n`).join('')}${code}`;
}

const declares = (code: string, name: string): boolean => new RegExp(`\\b(const|let|using) (\\{[^}]*\\b)?${name}\\b`).test(code);

/** Each example once: what is exported twice has one docstring. */
const examples = new Map<string, string>();
const seen = new Set<string>();
for (const { entry, name, doc } of api) {
  for (const [i, code] of examplesOf(doc).entries()) {
    if (seen.has(code)) continue;
    seen.add(code);
    const title = `${entry.replaceAll('/', '-')}.${name}${i === 0 ? '' : `.${i + 1}`}`;
    // Files whose names differ by case alone are one on some machines: Trainer, trainer.
    const taken = [...examples.keys()].some((other) => other.toLowerCase() === title.toLowerCase());
    examples.set(taken ? `${title}_` : title, whole(entry, code));
  }
}

/** Files that examples may read. */
const files = ['model.onnx', 'model.lanewise', 'model.safetensors', 'input.npy', 'cat.jpg', 'preprocessor_config.json'];
const writing = /(writeFile|save)\('/;
const runs = (code: string) =>
  !/\bdocument\b|\bfetch\(|https?:|^declare const/m.test(code) &&
  (writing.test(code) ||
    [...code.matchAll(/'([\w/-]+\.[a-z]+)'/g)].every(([, file = '']) => /\.(ops|onnx\.ml)$/.test(file) || files.includes(file)));

/** `f(x); // 3` as a statement that compares. */
const comparing = (code: string): string =>
  code.replace(/^(\S.*); \/\/ (.+)$/gm, (line, statement: string, value: string) => {
    if (/^(import|const|let|for|if)\b/.test(statement)) {
      const own = /^if \((.+?)\) (.+)$/.exec(statement);
      return own && isValue(value) ? `if (${own[1]}) compare(${own[2]}, ${value});` : line;
    }
    return isValue(value) ? `compare(${statement.replace(/^await /, 'await ')}, ${value});` : line;
  });

function isValue(text: string): boolean {
  if (!/^[[{'"\d-]/.test(text)) return false;
  try {
    new Function(`return (${text});`);
    return !text.includes('...');
  } catch {
    return false;
  }
}

test('they compile', () => {
  expect(examples.size).toBeGreaterThan(100);
  for (const [name, code] of examples) writeFileSync(join(folder, `${name}.ts`), `${code}\nexport {};\n`);
  const compilerOptions = {
    ...{
      target: 'ES2022',
      module: 'ESNext',
      moduleResolution: 'bundler',
      lib: ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable'],
      types: ['node'],
    },
    ...{ strict: true, noUncheckedIndexedAccess: true, noEmit: true, skipLibCheck: true },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
  expect(stdout).toBe('');
});

test('they run, and their comments are right', () => {
  const running = [...examples].filter(([, code]) => runs(code));
  expect(running.length).toBeGreaterThan(90);
  for (const [name, code] of running) {
    const text = `import { compare } from './compare.mjs';\n${comparing(code)}`;
    writeFileSync(join(folder, `${name}.mjs`), transformSync(text, { loader: 'ts', target: 'es2022' }).code);
  }
  const compared = running.reduce((sum, [, code]) => sum + comparing(code).split('compare(').length - 1, 0);
  expect(compared).toBeGreaterThan(70);
  writeFileSync(join(folder, 'compare.mjs'), COMPARE);
  writeFileSync(join(folder, 'run.mjs'), RUN);
  const temp = mkdtempSync(join(tmpdir(), 'lanewise-examples-'));
  try {
    const names = running.map(([name]) => name);
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, 'run.mjs'), 'failures.json', ...names], {
      cwd: temp,
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect({ status, stderr: status === 0 ? '' : `${stdout}${stderr}` }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(readFileSync(join(temp, 'failures.json'), 'utf8'))).toEqual({});
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}, 90_000);

const COMPARE = `import { deepStrictEqual } from 'node:assert/strict';
/** Copied, because tensors' dimensions and the like may be of classes. */
export const compare = (got, expected) => deepStrictEqual(JSON.parse(JSON.stringify(got)), JSON.parse(JSON.stringify(expected)));
`;

/** Makes the files, then runs one example after the other, and writes what failed. */
const RUN = `import { writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { Tensor } from 'lanewise';
import { compileModel } from 'lanewise/compile';
import { writeNpy } from 'lanewise/formats';
import { adaptiveAvgPool2d, dense, flatten, input, sequential } from 'lanewise/layers';

const [report, ...names] = process.argv.slice(2);
const network = sequential([input([3, 32, 32]), adaptiveAvgPool2d(4), flatten, dense(10)]);
writeFileSync('model.onnx', network.toONNX());
writeFileSync('model.lanewise', await compileModel('model.onnx'));
writeFileSync('model.safetensors', network.toSafetensors());
writeFileSync('input.npy', writeNpy(new Tensor('float32', [1, 2])));
writeFileSync('cat.jpg', await sharp({ create: { width: 80, height: 90, channels: 3, background: '#456' } }).jpeg().toBuffer());
writeFileSync('preprocessor_config.json', JSON.stringify({ size: 32, image_mean: [0, 0, 0], image_std: [1, 1, 1] }));
console.log = () => {};
const failures = {};
for (const name of names) {
  try {
    await import(new URL(name + '.mjs', import.meta.url));
  } catch (error) {
    failures[name] = String(error.stack);
  }
}
writeFileSync(report, JSON.stringify(failures));
process.exit(0);
`;
