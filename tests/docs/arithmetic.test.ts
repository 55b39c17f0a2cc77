// docs/arithmetic.md: every figure on it is computed again.

import { readFileSync } from 'node:fs';
import {
  convMacs,
  convParameters,
  denseParameters,
  outputSize,
  receptiveField,
  summarize,
  transposedOutputSize,
} from '../../src/analysis/index.ts';
import { alexnet2012 } from '../analysis/alexnet2012.ts';

const text = readFileSync(new URL('../../docs/arithmetic.md', import.meta.url), 'utf8').replaceAll('\r\n', '\n');
const functions = { outputSize, transposedOutputSize, convParameters, denseParameters, convMacs, receptiveField };

/** Calls of one line with what they give. */
const calls = [...text.matchAll(/^(\w+\(.*\)); \/\/ (.+)$/gm)]
  .map(([, call = '', result = '']) => ({ call, result }))
  .filter(({ call }) => Object.keys(functions).some((name) => call.startsWith(`${name}(`)));

/** `a·b + c = d`, and chains of them. */
const equations = [...text.matchAll(/`([^`\n]+ = [^`\n]+)`/g)]
  .map(([, equation = '']) => equation)
  .filter((equation) => /^[\d,.·+−()/ =]+$/.test(equation));

const plain = (number: string): string => number.replaceAll(',', '');
const evaluate = (expression: string): unknown =>
  new Function(...Object.keys(functions), `return (${expression})`)(...Object.values(functions));
const arithmetic = (side: string): unknown => evaluate(plain(side).replaceAll('·', '*').replaceAll('−', '-'));

test.each(calls)('$call', ({ call, result }) => {
  expect(evaluate(call)).toEqual(evaluate(plain(result).startsWith('{') ? result : plain(result)));
});

test.each(equations)('%s', (equation) => {
  const sides = equation.split(' = ').map(arithmetic);
  expect(new Set(sides).size).toBe(1);
});

test('there are calls and equations', () => {
  expect([calls.length, equations.length].every((count) => count > 12)).toBe(true);
});

const conv = (from: number, to: number) => convParameters({ kernel: 3, in: from, out: to });
/** The widths of VGG's stages; the paper's D and E have two, two and then so many convolutions in each. */
const vgg = (deep: number): number => {
  const stages = [
    [64, 2],
    [128, 2],
    [256, deep],
    [512, deep],
    [512, deep],
  ] as const;
  let [from, sum] = [3, 0];
  for (const [width, count] of stages) {
    for (let i = 0; i < count; i++) {
      sum += conv(from, width);
      from = width;
    }
  }
  return sum;
};
const classifier =
  denseParameters({ in: 7 * 7 * 512, out: 4096 }) + denseParameters({ in: 4096, out: 4096 }) + denseParameters({ in: 4096, out: 1000 });

/** What is neither a call nor an equation, computed here. */
const counted = {
  convolutions16: vgg(3),
  convolutions19: vgg(4),
  classifier,
  vgg16: vgg(3) + classifier,
  vgg19: vgg(4) + classifier,
  alexnet: summarize(alexnet2012()).params,
  alexnetWeights: summarize(alexnet2012({ bias: false })).params,
  /** One tower: channels, kernels and the dense layers of torchvision's. */
  torchvision:
    convParameters({ kernel: 11, in: 3, out: 64 }) +
    convParameters({ kernel: 5, in: 64, out: 192 }) +
    conv(192, 384) +
    conv(384, 256) +
    conv(256, 256) +
    denseParameters({ in: 9216, out: 4096 }) +
    denseParameters({ in: 4096, out: 4096 }) +
    denseParameters({ in: 4096, out: 1000 }),
};

test('the tables', () => {
  const rows = [...text.matchAll(/^\| (.+) \|$/gm)].map(([, row = '']) => row.split('|').map((cell) => cell.trim()));
  const cells = (name: string) => rows.find(([first]) => first === name)?.slice(1);
  const format = (count: number) => count.toLocaleString('en');
  const millions = (count: number) => `${(count / 1e6).toFixed(1)} M`;
  expect(cells('VGG-16')).toEqual([...[counted.convolutions16, classifier, counted.vgg16].map(format), millions(counted.vgg16)]);
  expect(cells('VGG-19')).toEqual([...[counted.convolutions19, classifier, counted.vgg19].map(format), millions(counted.vgg19)]);
  const weights = new Map(summarize(alexnet2012({ bias: false })).layers.map((layer) => [layer.name, layer.params]));
  const parameters = new Map(summarize(alexnet2012()).layers.map((layer) => [layer.name, layer.params]));
  for (const name of ['conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'fc6', 'fc7', 'fc8']) {
    expect([name, ...(cells(name) ?? [])]).toEqual([
      name,
      expect.stringContaining(` = ${format(weights.get(name) ?? 0)}\``),
      format(parameters.get(name) ?? 0),
    ]);
  }
  expect(cells('all')).toEqual([format(counted.alexnetWeights), format(counted.alexnet)]);
});

test('no other large figure stands there, but for those that are struck out', () => {
  const parameters = summarize(alexnet2012()).layers.map((layer) => layer.params);
  const results = [...calls.map(({ result }) => plain(result)), ...equations.map((equation) => plain(equation.split(' = ').at(-1) ?? ''))];
  const known = new Set([...results.map(Number), ...Object.values(counted), ...parameters]);
  const standing = text.replaceAll(/~~[^~]*~~/g, '');
  const large = [...standing.matchAll(/\d{1,3}(?:,\d{3})+/g)].map(([number]) => Number(plain(number)));
  expect(large.length).toBeGreaterThan(30);
  expect(large.filter((number) => !known.has(number))).toEqual([]);
  const rounded = new Set([...known].map((number) => (number / 1e6).toFixed(1)));
  const short = [...standing.matchAll(/([\d.]+) M\b/g)].map(([, number]) => number);
  expect(short.length).toBeGreaterThan(4);
  expect(short.filter((number) => !rounded.has(number ?? ''))).toEqual([]);
});
