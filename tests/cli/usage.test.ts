import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { commands } from '../../src/cli/commands.ts';
import { bars } from '../../src/cli/format.ts';
import { nearest } from '../../src/cli/nearest.ts';
import { writeNpy } from '../../src/formats/npy.ts';
import { Tensor } from '../../src/index.ts';
import { skip } from '../skip.ts';
import { lanewise } from './lanewise.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const model = 'models/cifar10-resnet20/model.onnx';

test('--version', async () => {
  expect(await lanewise('--version')).toEqual({ code: 0, out: version, err: '' });
});

describe('help', () => {
  test.each([[[]], [['help']], [['--help']], [['-h']]])('%j lists the commands', async (args) => {
    const { code, out } = await lanewise(...(args as string[]));
    expect(code).toBe(0);
    for (const [name, { takes }] of Object.entries(commands)) expect(out).toContain(`  lanewise ${name} ${takes} `);
  });

  test.each(Object.entries(commands))('of %s tells its options, with an example that begins like it', async (name, command) => {
    const help = await lanewise('help', name);
    expect(help.code).toBe(0);
    for (const args of [
      [name, '--help'],
      [name, 'model.onnx', '-h'],
      ['--help', name],
    ])
      expect(await lanewise(...args)).toEqual(help);
    for (const option of Object.keys(command.options)) expect(help.out).toMatch(new RegExp(`^  --${option}( |$)`, 'm'));
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) expect(help.out).toContain(`\n  ${example}`);
    for (const example of command.examples) expect(example).toMatch(new RegExp(`^lanewise ${name} `));
  });

  test('fits a terminal of 40 columns, but for names', async () => {
    const { columns } = process.stdout;
    process.stdout.columns = 40;
    try {
      const { out } = await lanewise('help', 'export');
      const before = out.slice(0, out.indexOf('Examples:'));
      expect(Math.max(...before.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
    } finally {
      process.stdout.columns = columns;
    }
  });

  test('what follows -- is no option', async () => {
    const { code, err } = await lanewise('summary', '--', '--help');
    expect([code, err]).toEqual([1, 'lanewise: --help could not be read: there is no such file [FILE_NOT_FOUND]']);
  });
});

test.each([
  [['sumary'], "there is no command 'sumary'; did you mean 'summary'?"],
  [['Bench'], "there is no command 'Bench'; did you mean 'bench'?"],
  [['help', 'veri'], "there is no command 'veri'; did you mean 'verify'?"],
  [['paint'], "there is no command 'paint'; there are run, summary, verify, bench, convert, compile, quantize, export"],
  [['--json'], "a command comes first, got '--json': run, summary, verify, bench, convert, compile, quantize, export"],
  [['constructor'], "there is no command 'constructor'; there are run, summary, verify, bench, convert, compile, quantize, export"],
  [['compile', '--foo'], "compile has no option '--foo'; it has --weights, --shape, --threads, --no-winograd; see lanewise help compile"],
  [['compile', '--wieghts', 'f16'], "compile has no option '--wieghts'; did you mean --weights?"],
  [
    ['compile', '--__proto__'],
    "compile has no option '--__proto__'; it has --weights, --shape, --threads, --no-winograd; see lanewise help compile",
  ],
  [['summary', '-j'], "summary has no option '-j'; it has --shape, --json; see lanewise help summary"],
  [['summary', '--json=1'], "--json takes no value, got '1'; see lanewise help summary"],
  [['run', 'a', 'b', '--top'], '--top takes a value; see lanewise help run'],
  [['export', 'a', 'b', '--seed', '-1'], "--seed takes a value: if '-1' is meant, write --seed=-1; see lanewise help export"],
])('%j: one line, exit code 2', async (args, message) => {
  expect(await lanewise(...(args as string[]))).toEqual({ code: 2, out: '', err: `lanewise: ${message}` });
});

test('an error that nobody foresaw is one line, with its stack behind --debug', async () => {
  const parse = jest.spyOn(JSON, 'stringify').mockImplementation(() => {
    throw new TypeError('first\nsecond');
  });
  try {
    const line = 'lanewise: internal error, a fault of Lanewise: TypeError: first; --debug shows where';
    expect((await lanewise('summary', model, '--json')).err).toBe(line);
    const { code, err } = await lanewise('summary', model, '--json', '--debug');
    expect(code).toBe(1);
    expect(err.split('\n').slice(0, 3)).toEqual([line, 'TypeError: first', 'second']);
  } finally {
    parse.mockRestore();
  }
});

test('the nearest name', () => {
  const names = ['run', 'summary', 'verify', 'bench'];
  expect(['rum', 'rn', 'summery', 'b', 'be', 'x', ''].map((text) => nearest(text, names))).toEqual([
    'run',
    'run',
    'summary',
    undefined,
    'bench',
    undefined,
    undefined,
  ]);
});

test('bars fit the terminal', () => {
  const rows = [
    { label: 'a rather long name of a class', score: 0.75 },
    { label: 'cat', score: 0.25 },
  ];
  for (const columns of [120, 80, 50, 40, 24]) {
    for (const line of bars(rows, columns).split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  }
  expect(bars(rows, 80).split('\n')[0]).toContain('of a class  ██████████████████████▌');
  expect(bars(rows, 24).split('\n')).toEqual(['  a rather l…   75.0 %', '  cat           25.0 %']);
});

if (existsSync('dist/cli.js') && process.platform !== 'win32') {
  test('a pipe that is closed early ends it quietly, and at once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-pipe-'));
    const names = ['one', 'two', 'three'].map((name) => join(folder, name));
    for (const name of names) writeFileSync(`${name}.npy`, writeNpy(new Tensor('float32', new Float32Array(3072), [1, 3, 32, 32])));
    const inputs = names.map((name) => `${name}.npy`).join(' ');
    const command = `${JSON.stringify(process.execPath)} bin/lanewise.mjs run ${model} ${inputs} --save '${folder}/{}-out.npy'`;
    const run = (line: string) =>
      new Promise<string[]>((resolve) => execFile('sh', ['-c', line], (_, out, err) => resolve([out.split('\n')[1] ?? '', err])));
    // The reader is gone before anything is written: nobody waits for the third result.
    expect(await run(`{ sleep 0.2; ${command}; } | true`)).toEqual(['', '']);
    expect([0, 2].map((i) => existsSync(`${names[i]}-out.npy`))).toEqual([true, false]);
    expect(await run(`${command} | head -2`)).toEqual([`${folder}/one.npy`, '']);
    rmSync(folder, { recursive: true });
  });

  // Linux has a file that is always full.
  if (existsSync('/dev/full')) {
    test('results that cannot be written are an error of one line', () => {
      const { status, stderr } = spawnSync('sh', ['-c', `${JSON.stringify(process.execPath)} bin/lanewise.mjs help > /dev/full`]);
      expect([status, `${stderr}`]).toEqual([1, expect.stringMatching(/^lanewise: stdout: ENOSPC[^\n]*\n$/)]);
    });
  }
} else {
  skip('a pipe that is closed early', 'dist/ is not there');
}
