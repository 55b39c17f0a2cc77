// The examples of custom operators: their READMEs' commands are run as they stand, and the operators against a naive reference.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { array, at, indexOf, type NdArray, offsetOf, random } from '../reference/index.ts';
import { skip } from '../skip.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folderOf = (example: string): string => join(root, 'examples', example);

/** What npm tells the scripts that it runs is about this package, and no business of an example's. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([key]) => !/^npm_(package|lifecycle|command|execpath|config_local_prefix)/i.test(key)),
);

/** The commands of a README: the lines of its blocks of shell. */
const commandsOf = (example: string): string[] =>
  [...readFileSync(join(folderOf(example), 'README.md'), 'utf8').matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) =>
    block.split('\n').filter((line) => line !== ''),
  );

/** @returns what the last command printed */
async function shell(example: string, commands: readonly string[]): Promise<string> {
  let printed = '';
  for (const command of commands) {
    const options = { cwd: folderOf(example), env: { ...environment, npm_config_fetch_retries: '0' } };
    printed = (await promisify(execFile)('sh', ['-c', command], options)).stdout;
  }
  return printed;
}

/** The median of each window; a place beyond the border is the nearest one within. */
function median(x: NdArray, size: number): NdArray {
  const reach = (size - 1) / 2;
  const y = array(x.dims);
  for (let offset = 0; offset < y.data.length; offset++) {
    const [n = 0, c = 0, i = 0, j = 0] = indexOf(x.dims, offset);
    const [, , height = 0, width = 0] = x.dims;
    const values: number[] = [];
    for (let row = i - reach; row <= i + reach; row++) {
      for (let column = j - reach; column <= j + reach; column++) {
        const index = [n, c, Math.min(Math.max(row, 0), height - 1), Math.min(Math.max(column, 0), width - 1)];
        values.push(at(x.data, offsetOf(x.dims, index)));
      }
    }
    values.sort((a, b) => a - b);
    y.data[offset] = at(values, (values.length - 1) / 2);
  }
  return y;
}

interface Case {
  readonly x: NdArray;
  readonly size: number;
}

interface Result {
  readonly kernel?: string;
  readonly dims?: readonly number[];
  readonly data?: readonly number[];
  readonly error?: string;
}

/** What an operator of an example makes of pictures, in a process of its own, which has the package as it is built. */
async function results(example: string, module: string, name: string, cases: readonly Case[]): Promise<Result[]> {
  const driver = fileURLToPath(new URL('run-operator.mjs', import.meta.url));
  const running = promisify(execFile)(process.execPath, [driver, join(folderOf(example), module), name], { maxBuffer: 1e8 });
  running.child.stdin?.end(JSON.stringify(cases.map(({ x, size }) => ({ dims: x.dims, size, data: [...x.data] }))));
  return JSON.parse((await running).stdout);
}

const cases: readonly Case[] = [
  [1, 1, 1, 1],
  [1, 1, 1, 9],
  [1, 3, 5, 7],
  [2, 4, 8, 8],
  [3, 5, 6, 1],
  // More than a page of the kernel's memory, and less again.
  [1, 2, 150, 130],
  [2, 1, 4, 4],
].flatMap((dims, seed) => [1, 3, 5].map((size) => ({ x: random(dims, 3 * seed + size), size })));

function testExample(example: string, commands: readonly string[], module: string, operators: readonly string[]): void {
  describe(example, () => {
    let printed: string;
    beforeAll(async () => {
      printed = await shell(example, commands);
    }, 300_000);

    test('the commands of its README build and run it', () => {
      expect(printed.trimEnd().split('\n').slice(-operators.length)).toEqual(operators.map(() => '17 specks before, 0 after'));
    });

    test.each(operators)(
      '%s equals the reference',
      async (name) => {
        const given = await results(example, module, name, cases);
        const expected = cases.map(({ x, size }) => ({
          kernel: 'host examples.MedianPool',
          dims: x.dims,
          data: [...median(x, size).data],
        }));
        expect(given).toEqual(expected);
      },
      60_000,
    );

    test.each(operators)(
      '%s says what it does not take',
      async (name) => {
        const [even, flat] = await results(example, module, name, [
          { x: random([1, 1, 4, 4], 1), size: 2 },
          { x: random([1, 4], 1), size: 3 },
        ]);
        expect(even?.error).toMatch(/^OPERATOR_FAILED: .*takes a size that is odd, got 2/);
        expect(flat?.error).toMatch(/^OPERATOR_FAILED: .*takes float32 \[N, C, H, W\], got float32 \[1,4\]/);
      },
      60_000,
    );
  });
}

testExample('custom-op', commandsOf('custom-op'), 'build/operator.js', ['medianPool']);
testExample('custom-op-assemblyscript', commandsOf('custom-op-assemblyscript'), 'operator.js', ['medianPool', 'fastMedianPool']);

// A package of its own: its dependencies are not in this one's.
const [install = '', ...rest] = commandsOf('custom-op-as-bind');
const refusal = await shell('custom-op-as-bind', [install]).then(
  () => undefined,
  (error: { stderr?: string }) => error,
);
if (refusal && /E(NOTFOUND|AI_AGAIN|CONN\w+|TIMEDOUT|NETUNREACH|HOSTUNREACH)|network/.test(refusal.stderr ?? '')) {
  skip('custom-op-as-bind', 'as-bind cannot be installed without a network');
} else if (refusal) {
  test('custom-op-as-bind is installed', () => {
    throw refusal;
  });
} else {
  testExample('custom-op-as-bind', rest, 'operator.js', ['medianPool']);
}
