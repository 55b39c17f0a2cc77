// README.md's code does what it says, by the package as npm packs it.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { LanewiseError, load, Tensor } from '../../src/index.ts';
import { at, inChromium } from '../browser/setup.ts';
import { encodeModel } from '../formats/onnx-writer.ts';
import { type Block, blocksOf } from './markdown.ts';

const blocks = blocksOf(readFileSync(at('README.md'), 'utf8').replaceAll('\r\n', '\n'));
/** A project that has installed the package. Under build/, which the server of the browser's tests serves. */
const project = at('build/readme');
const packageFile = JSON.parse(readFileSync(at('package.json'), 'utf8'));

const run = (program: string, args: readonly string[], cwd = project): string =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
/** npm passes its own path on, which works on Windows too, where npm is no program but a script. */
const npm = (args: readonly string[], cwd: string): string =>
  process.env.npm_execpath ? run(process.execPath, [process.env.npm_execpath, ...args], cwd) : run('npm', args, cwd);

beforeAll(() => {
  rmSync(project, { recursive: true, force: true });
  mkdirSync(join(project, 'node_modules/lanewise'), { recursive: true });
  // Without its scripts: scripts/ready.mjs has built it.
  npm(['pack', '--ignore-scripts', '--pack-destination', project], at('.'));
  run('tar', ['-xzf', `lanewise-${packageFile.version}.tgz`, '--strip-components=1', '-C', 'node_modules/lanewise']);
  symlinkSync(at('node_modules/sharp'), join(project, 'node_modules/sharp'), 'junction');
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  copyFileSync(at('models/cifar10-resnet20/model.onnx'), join(project, 'model.onnx'));
  for (const file of ['cat.png', 'cifar10-resnet20.safetensors']) copyFileSync(at(`models/${file}`), join(project, file));
}, 120_000);

/** Runs a block of the page as a module of the project. */
async function runModule({ language, text, line }: Block): Promise<string> {
  // JavaScript as it stands: load<'logits'>('model.onnx') is two comparisons there.
  const code = language === 'ts' ? (await transform(text, { loader: 'ts', format: 'esm' })).code : text;
  writeFileSync(join(project, `line-${line}.js`), code);
  return run(process.execPath, [`line-${line}.js`]);
}

const commands = (block: Block): string[] =>
  block.text
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''));

const shell = blocks.filter(({ language }) => language === 'sh').flatMap(commands);
/** The modules of the page, each with what it prints: a block that follows at once. */
const modules = blocks
  .filter(({ language }) => /^[jt]s$/.test(language))
  .map((block) => {
    const after = block.line + block.text.split('\n').length + 2;
    return { block, prints: blocks.find(({ language, line }) => language === '' && line === after)?.text };
  });

test('every block is of a kind that is tested here', () => {
  expect(blocks.map(({ language }) => language).sort()).toEqual(['', '', 'html', 'js', 'sh', 'sh', 'sh', 'ts', 'ts', 'ts']);
});

describe('commands', () => {
  test('are these', () => {
    expect(shell).toEqual(['npm install lanewise sharp', 'npm start', 'npm test', 'npx lanewise compile model.onnx model.lanewise']);
  });

  test('what is installed is the package, and what it says of pictures', () => {
    expect(packageFile.name).toBe('lanewise');
    expect(packageFile.peerDependencies).toHaveProperty('sharp');
    expect(packageFile.dependencies).toBeUndefined();
  });

  test('the two of a clone are scripts, which .ci/run runs', () => {
    const ci = readFileSync(at('.ci/run'), 'utf8');
    for (const name of ['start', 'test']) {
      expect(packageFile.scripts).toHaveProperty(name);
      expect(ci).toMatch(new RegExp(`npm (--silent )?${name}\\b`));
    }
  });

  test('lanewise compile', () => {
    const [, , ...args] = shell[3]?.split(' ') ?? [];
    run(process.execPath, [join('node_modules/lanewise', packageFile.bin.lanewise), ...args]);
    expect(readFileSync(join(project, 'model.lanewise')).length).toBeGreaterThan(100_000);
  });
});

test('one module shows what it prints', () => expect(modules.filter(({ prints }) => prints !== undefined)).toHaveLength(1));

test.each(modules)(
  'the code of line $block.line',
  async ({ block, prints }) => {
    const printed = await runModule(block);
    if (prints !== undefined) expect(printed).toBe(prints);
    // A comment behind console.log tells what kind of thing is printed.
    else if (block.text.includes('console.log')) expect(printed).toMatch(/^layer +operator +output +params +MACs +bytes +sees/);
    else expect(printed).toBe('');
  },
  60_000,
);

test('the errors are what is thrown', async () => {
  const file = readFileSync(at('models/cifar10-resnet20/model.onnx'));
  const node = (op: string, name: string, outputs: string[]) => ({ op, name, inputs: ['x'], outputs });
  const foreign = encodeModel({
    opset: 13,
    inputs: [{ name: 'x', dims: [1, 1, 1] }],
    nodes: [node('Einsum', '/head/Einsum', ['c']), node('LSTM', '/LSTM', ['a']), node('LSTM', '/LSTM_1', ['b'])],
    outputs: [{ name: 'c' }],
  } as never);
  writeFileSync(join(project, 'foreign.onnx'), foreign);
  writeFileSync(join(project, 'cut.onnx'), file.subarray(0, 31204));
  const failures = [
    () => load(foreign),
    async () => (await load(file)).run({ input: new Tensor('float32', new Float32Array(3072), [1, 32, 32, 3]) }),
    () => load(join(project, 'cut.onnx')),
  ];
  const thrown = await Promise.all(
    failures.map((fail) =>
      fail().then(
        () => 'nothing',
        (error: LanewiseError) => `${error.code}  ${error.message.replace(join(project, 'cut.onnx'), 'model.onnx')}`,
      ),
    ),
  );
  expect(`${thrown.join('\n')}\n`).toBe(blocks.filter(({ language }) => language === '').at(-1)?.text);
  expect(LanewiseError.name).toBe('LanewiseError');
});

inChromium('the page without a bundler', [], (site) => {
  test('names the cat', async () => {
    const [html] = blocks.filter(({ language }) => language === 'html');
    writeFileSync(join(project, 'index.html'), `<!doctype html><meta charset="utf-8">${html?.text}`);
    const page = await site.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${site.origin()}/readme/index.html`);
    await page.waitForFunction(() => document.querySelector('output')?.textContent !== '', undefined, { timeout: 30_000 }).catch(() => {});
    expect(complaints).toEqual([]);
    const expected = /textContent = .*; \/\/ (\w+)\n/.exec(html?.text ?? '')?.[1];
    expect(expected).toBe('cat');
    expect(await page.locator('output').textContent()).toBe(expected);
    await page.close();
  }, 60_000);
});
