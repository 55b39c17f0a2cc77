import { existsSync, readdirSync } from 'node:fs';
import { compile } from '../../src/compiler/compile.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import { winogradForms } from '../../src/ops/window/winograd.ts';
import { algorithmOf } from '../../src/plan/forms.ts';
import { graphOf } from '../kernels/graph.ts';
import { random } from '../reference/index.ts';
import { lanewise } from './lanewise.ts';

const model = 'models/cifar10-resnet20/model.onnx';

interface Row {
  readonly node: string;
  readonly kernel: string;
  readonly form: string;
  readonly count: number;
  readonly ms: number;
  readonly share: number;
  readonly macs: number;
  readonly gflops: number;
  readonly limitShare: number;
}

const total = (rows: readonly Row[], key: 'count' | 'ms' | 'share' | 'macs'): number => rows.reduce((sum, row) => sum + row[key], 0);

describe('bench --profile', () => {
  test('--json: the limit, every instruction and every kernel', async () => {
    const { code, out } = await lanewise('bench', model, '--runs', '2', '--json', '--profile');
    expect(code).toBe(0);
    const result = JSON.parse(out) as { limitGflops: number; profile: Row[]; kernels: Row[] };
    const { limitGflops, profile, kernels } = result;
    expect(limitGflops).toBeGreaterThan(0);
    expect(Object.keys(profile[0] ?? {})).toEqual(['node', 'kernel', 'form', 'ms', 'share', 'macs', 'gflops', 'limitShare']);
    expect(Object.keys(kernels[0] ?? {})).toEqual(['kernel', 'form', 'count', 'ms', 'share', 'macs', 'gflops', 'limitShare']);
    expect(total(kernels, 'count')).toBe(profile.length);
    for (const rows of [profile, kernels]) {
      expect(total(rows, 'macs')).toBe(40_813_184);
      expect(total(rows, 'share')).toBeCloseTo(1, 6);
      for (const { macs, ms, gflops, limitShare } of rows) {
        expect(gflops).toBeCloseTo((2 * macs) / ms / 1e6, 6);
        expect(limitShare).toBeCloseTo(gflops / limitGflops, 6);
      }
    }
    expect(total(kernels, 'ms')).toBeCloseTo(total(profile, 'ms'), 6);
    expect(kernels.map(({ ms }) => ms)).toEqual(kernels.map(({ ms }) => ms).sort((a, b) => b - a));
    expect(profile.find(({ node }) => node === '/conv1/Conv')).toMatchObject({ kernel: 'f32_conv_igemm_4x8', form: '3×3', macs: 442_368 });
    expect(profile.find(({ kernel }) => kernel === 'f32_winograd')?.form).toBe('F(4×4, 3×3)');
  });

  test('two tables, the limit, and what is counted', async () => {
    const { out } = await lanewise('bench', model, '--runs', '1', '--profile');
    const lines = out.split('\n');
    const rates = 'ms +share +GFLOP/s +of limit';
    expect(lines.filter((line) => new RegExp(`^node +kernel +${rates}$`).test(line))).toHaveLength(1);
    expect(lines.filter((line) => new RegExp(`^kernel +count +${rates}$`).test(line))).toHaveLength(1);
    expect(out).toMatch(/^\/conv1\/Conv +f32_conv_igemm_4x8 3×3 +[\d.]+ +[\d.]+ % +[\d.]+ +[\d.]+ %$/m);
    // Nothing is multiplied and added there.
    expect(out).toMatch(/^input \(channelsLast\) +f32_transpose_4x4 +[\d.]+ +[\d.]+ %$/m);
    expect(out).toMatch(/^total +\d+ +[\d.]+ +100\.0 % +[\d.]+ +[\d.]+ %$/m);
    expect(out).toMatch(/^limit: [\d.]+ GFLOP\/s, multiply-adds of 128-bit vectors/m);
    expect(out).toMatch(/^Winograd's algorithm is counted as the direct convolution/m);
  });

  test('--no-winograd: every convolution directly', async () => {
    const { out } = await lanewise('bench', model, '--runs', '1', '--profile', '--no-winograd');
    expect(out).toMatch(/f32_conv_igemm_4x8 3×3/);
    expect(out).not.toMatch(/winograd/i);
  });
});

test('run and verify take --no-winograd, which changes no more than the last digits', async () => {
  const scores = async (...options: string[]): Promise<number[]> => {
    const { out } = await lanewise('run', model, 'models/cat.png', '--json', ...options);
    return JSON.parse(out).outputs[0].data;
  };
  const [without, by] = [await scores('--no-winograd'), await scores()];
  expect(without).not.toEqual(by);
  for (const [i, score] of without.entries()) expect(score).toBeCloseTo(by[i] ?? Number.NaN, 3);
  const { code, out } = await lanewise('verify', 'models/cifar10-resnet20', '--no-winograd');
  expect(out).toMatch(/passed, 0 failed/);
  expect(code).toBe(0);
});

describe('the algorithm of an instruction', () => {
  /** A node's instructions, changes of layout left out; its first input is fed, the others are constant. */
  function algorithm(op: string, inputs: number[][], attributes: Record<string, Attribute> = {}, winograd: boolean | number = false) {
    const names = inputs.map((_, i) => `x${i}`);
    const constants = Object.fromEntries(inputs.slice(1).map((dims, i) => [`x${i + 1}`, random(dims, i + 1)]));
    const graph = graphOf({ inputs: { x0: inputs[0] ?? [] }, constants, nodes: [{ op, inputs: names, attributes }] });
    const form = typeof winograd === 'number' ? winogradForms[winograd] : winograd;
    const { steps } = compile(graph, { dims: new Map([['x0', inputs[0] ?? []]]), winograd: form });
    return steps
      .filter(({ node }) => node.startsWith(op))
      .map(algorithmOf)
      .map(({ kernel, form }) => `${kernel} ${form}`.trim())
      .filter((title) => title !== 'f32_transpose_4x4');
  }
  const conv = (x: number[], w: number[], attributes: Record<string, Attribute> = {}, winograd: boolean | number = false) =>
    algorithm('Conv', [x, w], attributes, winograd);
  const [same, fives] = [{ pads: [1, 1, 1, 1] }, { pads: [2, 2, 2, 2] }];

  test('convolutions', () => {
    expect(conv([1, 8, 9, 9], [8, 8, 1, 1])).toEqual(['f32_conv_igemm_4x8 1×1']);
    expect(conv([1, 8, 9, 9], [8, 8, 3, 1])).toEqual(['f32_conv_igemm_4x8 3×1']);
    expect(conv([1, 8, 9, 9], [8, 8, 3, 3], { ...same, strides: [2, 2] })).toEqual(['f32_conv_igemm_4x8 3×3 /2']);
    expect(conv([1, 8, 9, 9], [8, 8, 3, 3], { ...same, strides: [1, 2] })).toEqual(['f32_conv_igemm_4x8 3×3 /1×2']);
    expect(conv([1, 8, 9, 9], [8, 4, 3, 3], { ...fives, dilations: [2, 2], group: 2 })).toEqual([
      'f32_conv_igemm_4x8 3×3, dilation 2, 2 groups',
    ]);
    expect(conv([1, 8, 1, 1], [8, 8, 1, 1])).toEqual(['f32_gemv_1x16']);
    expect(conv([2, 8, 1, 1], [8, 8, 1, 1])).toEqual(['f32_conv_igemm_4x8 1×1']);
    expect(conv([1, 8, 1, 1], [8, 8, 3, 3], same)).toEqual(['f32_conv_igemm_4x8 3×3']);
  });

  test("forms of Winograd's algorithm", () => {
    expect(conv([1, 8, 9, 9], [8, 8, 3, 3], same, 0)).toEqual(['f32_winograd F(4×4, 3×3)']);
    expect(conv([1, 8, 9, 9], [8, 8, 3, 3], same, 1)).toEqual(['f32_winograd F(2×2, 3×3)']);
    expect(conv([1, 8, 9, 9], [8, 8, 5, 5], fives, 2)).toEqual(['f32_winograd F(2×2, 5×5)']);
    expect(conv([1, 8, 9, 9], [8, 4, 3, 3], { ...same, group: 2 }, 0)).toEqual(['f32_winograd F(4×4, 3×3), 2 groups']);
  });

  test('depthwise convolutions', () => {
    expect(conv([1, 8, 9, 9], [8, 1, 3, 3], { ...same, group: 8 })).toEqual(['f32_dwconv_ring_c4 3×3']);
    expect(conv([1, 8, 9, 9], [8, 1, 5, 5], { ...fives, group: 8, strides: [2, 2] })).toEqual(['f32_dwconv_ring_c4 5×5 /2']);
    expect(conv([1, 8, 9, 9], [8, 1, 3, 3], { ...fives, group: 8, dilations: [2, 2] })).toEqual(['f32_dwconv_c8 3×3, dilation 2']);
  });

  test('products of matrices', () => {
    expect(
      algorithm('MatMul', [
        [1, 20],
        [20, 30],
      ]),
    ).toEqual(['f32_gemv_1x16']);
    expect(
      algorithm('Gemm', [
        [5, 20],
        [20, 30],
      ]),
    ).toEqual(['f32_conv_igemm_4x8 matrix product']);
  });

  test('what is not a convolution', () => {
    expect(algorithm('Sigmoid', [[2, 3]])).toEqual(['f32_unary sigmoid']);
    expect(algorithm('Mul', [[2, 3], [3]])).toEqual(['f32_binary mul']);
    expect(algorithm('ReduceMean', [[2, 3, 4]], { axes: [1] })).toEqual(['f32_reduce sum']);
    expect(algorithm('LogSoftmax', [[2, 3]])).toEqual(['f32_softmax log']);
    expect(algorithm('MaxPool', [[1, 8, 9, 9]], { kernel_shape: [3, 3], strides: [2, 2] })).toEqual(['f32_maxpool_c4 3×3 /2']);
  });

  test('kernels are files', () => {
    expect(existsSync('assembly/gemm/f32_gemv_1x16.ts')).toBe(true);
    expect(readdirSync('assembly/conv')).toContain('f32_dwconv_ring_c4.ts');
  });
});
