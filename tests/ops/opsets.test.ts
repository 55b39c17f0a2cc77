// What ONNX's text says of operators in opsets 22 to 28 that it did not say before, revision by revision, and opsets that are newer still. All
// other revisions of these opsets widen types only.

import { addOperators, checkOperators, spelledOut } from '../../src/compiler/operators.ts';
import { createModel, warningsOf } from '../../src/load.ts';
import { NEWEST_OPSET } from '../../src/ops/index.ts';
import { failure } from '../failure.ts';
import { graphOf } from '../kernels/graph.ts';
import { expectNode, runNode } from '../kernels/run.ts';
import { array, at, averagePool, functions, maxPool, random } from '../reference/index.ts';
import { bothWays, expectBoth, tensor } from './typed.ts';

const codes = { float: 1, float8e8m0: 24 };

describe('ONNX 1.17', () => {
  // 4 pixels and one of padding behind them: the third window of stride 2 would start in it.
  const x = random([1, 3, 1, 4], 5);
  const attributes = { kernel_shape: [1, 1], strides: [1, 2], pads: [0, 0, 0, 1], ceil_mode: 1 };
  const options = { x, kernelShape: [1, 1], strides: [1, 2], pads: [0, 0, 0, 1], ceilMode: true };

  test('AveragePool-22: windows that would start in the right padding are ignored', () => {
    expect(averagePool(options).dims).toEqual([1, 3, 1, 2]);
    for (const include of [0, 1]) {
      const node = { op: 'AveragePool', opset: 22, attributes: { ...attributes, count_include_pad: include }, inputs: [x] };
      expectNode(node, averagePool({ ...options, countIncludePad: include === 1 }), 0);
    }
  });

  test('MaxPool-22: windows that would start in the right padding are ignored', () => {
    expect(maxPool(options).dims).toEqual([1, 3, 1, 2]);
    expectNode({ op: 'MaxPool', opset: 22, attributes, inputs: [x] }, maxPool(options), 0);
  });

  test('Dropout-22: a ratio that is left out counts for training only', () => {
    const data = tensor('float32', [1, -2, 3]);
    const mask = tensor('bool', [1, 1, 1]);
    expectBoth({ op: 'Dropout', opset: 22, inputs: [data] }, data, mask);
    expectBoth({ op: 'Dropout', opset: 22, inputs: [data, tensor('float32', [0.5], [])] }, data, mask);
  });
});

describe('ONNX 1.18', () => {
  const x = tensor('float32', [1, 2, 3], [1, 3, 1]);

  test('Squeeze-23: axes are a list, and count from the back where negative', () => {
    expectBoth({ op: 'Squeeze', opset: 23, inputs: [x, tensor('int64', [-1])], constants: [1] }, tensor('float32', [1, 2, 3], [1, 3]));
    expectBoth({ op: 'Squeeze', opset: 23, inputs: [x, tensor('int64', [0, 2])], constants: [1] }, tensor('float32', [1, 2, 3], [3]));
  });

  test('Unsqueeze-23: axes are a list, and count from the back of what is made', () => {
    const axes = tensor('int64', [-1, 0]);
    expectBoth({ op: 'Unsqueeze', opset: 23, inputs: [x, axes], constants: [1] }, tensor('float32', [1, 2, 3], [1, 1, 3, 1, 1]));
    const wrong = { op: 'Unsqueeze', opset: 23, inputs: [x, tensor('int64', [4])], constants: [1] };
    expect(failure(() => bothWays(wrong)).code).toBe('INVALID_MODEL');
  });
});

describe('ONNX 1.19', () => {
  const x = tensor('float64', [0.5, -3]);
  const cast = (opset: number, attributes: Record<string, number | string>) => ({ op: 'Cast', opset, attributes, inputs: [x] });

  test('Cast-24: round_mode says how float8e8m0 rounds, and no other type', () => {
    for (const mode of ['up', 'down', 'nearest']) {
      expectBoth(cast(24, { to: codes.float, round_mode: mode, saturate: 0 }), tensor('float32', [0.5, -3]));
    }
    const wrong = failure(() => bothWays(cast(24, { to: codes.float, round_mode: 'even' })));
    expect([wrong.code, wrong.message]).toEqual(['INVALID_MODEL', expect.stringContaining('expected up or down or nearest')]);
    const early = failure(() => bothWays(cast(23, { to: codes.float, round_mode: 'up' })));
    expect([early.code, early.message]).toEqual(['UNSUPPORTED', expect.stringContaining("'round_mode' is not known at this opset")]);
  });

  test('Cast-24: float8e8m0 itself is refused', () => {
    const error = failure(() => bothWays(cast(24, { to: codes.float8e8m0 })));
    expect([error.code, error.message]).toEqual(['UNSUPPORTED', expect.stringContaining('a cast to float8e8m0 is not supported')]);
  });

  test('CastLike-24 has it as well', () => {
    const node = { op: 'CastLike', inputs: [x, tensor('float32', [7])] };
    expectBoth({ ...node, opset: 24, attributes: { round_mode: 'down', saturate: 1 } }, tensor('float32', [0.5, -3]));
    expectBoth({ ...node, opset: 15 }, tensor('float32', [0.5, -3]));
    expect(failure(() => bothWays({ ...node, opset: 23, attributes: { round_mode: 'down' } })).code).toBe('UNSUPPORTED');
    expectBoth({ op: 'CastLike', opset: 25, inputs: [x, tensor('int32', [])] }, tensor('int32', [0, -3]));
    expectBoth({ op: 'CastLike', opset: 25, inputs: [x, tensor('bool', [0], [1, 1, 1])] }, tensor('bool', [1, 1]));
    expectBoth({ op: 'CastLike', opset: 25, inputs: [x, x] }, x);
  });

  test('Swish-24: x · sigmoid(alpha · x), alpha 1 where left out', () => {
    for (const alpha of [undefined, 1, 0.25, -2]) {
      const x = random([2, 3, 5], 3, -6, 6);
      const swish = (value: number) => functions.Swish?.(value, alpha === undefined ? {} : { alpha }) ?? Number.NaN;
      expectNode({ op: 'Swish', opset: 24, attributes: { alpha }, inputs: [x] }, array(x.dims, x.data.map(swish)), 1e-5);
    }
  });
});

test('ONNX 1.20, Transpose-25: each value of perm is from 0 on', () => {
  const node = (perm: number[]) => ({ op: 'Transpose', opset: 25, attributes: { perm }, inputs: [tensor('float32', [1, 2], [1, 2])] });
  expectBoth(node([1, 0]), tensor('float32', [1, 2], [2, 1]));
  for (const perm of [[-1, 0], [1, 2], [0]]) expect(failure(() => bothWays(node(perm))).code).toBe('INVALID_MODEL');
});

describe('ONNX 1.22', () => {
  const inputs = [1, 7, 2].map((value) => tensor('float32', [value], []));
  const range = (opset: number, stash?: number) => ({
    op: 'Range',
    opset,
    attributes: { stash_type: stash },
    inputs,
    constants: [0, 1, 2],
  });

  test('Range-27: stash_type 1, float32, is what is computed in', () => {
    for (const node of [range(27), range(27, 1), range(26)]) expectBoth(node, tensor('float32', [1, 3, 5]));
  });

  test('Range-27: other stash_types are refused', () => {
    for (const stash of [10, 16, 0]) {
      const error = failure(() => bothWays(range(27, stash)));
      expect([error.code, error.message]).toEqual(['UNSUPPORTED', expect.stringContaining('stash_type')]);
    }
    expect(failure(() => bothWays(range(26, 1))).message).toContain("'stash_type' is not known at this opset");
  });
});

test('ONNX 1.23, Celu-28: what Celu-12 is', () => {
  const x = random([7], 3, -3, 3);
  const y = runNode({ op: 'Celu', opset: 28, attributes: { alpha: 2 }, inputs: [x] });
  expect(y).toEqual(runNode({ op: 'Celu', opset: 12, attributes: { alpha: 2 }, inputs: [x] }));
  expect(Math.abs(at(y.data, 0) - (functions.Celu?.(at(x.data, 0), { alpha: 2 }) ?? Number.NaN))).toBeLessThan(1e-5);
});

describe('opsets that are newer than those that are known', () => {
  const node = (opset: number, attributes = {}) =>
    graphOf({
      opset,
      inputs: { x: [1, 1, 2, 2] },
      nodes: [{ op: 'MaxPool', name: 'pool', inputs: ['x'], attributes: { kernel_shape: [2, 2], ...attributes } }],
    });

  test('run by the newest definitions, with a warning', async () => {
    const model = await createModel(node(NEWEST_OPSET + 1));
    expect(model.warnings).toEqual([
      'the model is of opset 29; its operators are taken as opset 28 has them, the newest that Lanewise knows',
    ]);
    const { MaxPool_0: y, pool = y } = model.runSync({ x: tensor('float32', [1, 4, 2, 3], [1, 1, 2, 2]) });
    expect(pool?.data).toEqual(Float32Array.of(4));
    expect((await createModel(node(NEWEST_OPSET))).warnings).toEqual([]);
    expect(warningsOf(node(1))).toEqual([]);
  });

  test('refuse attributes that are not known', async () => {
    await expect(createModel(node(NEWEST_OPSET + 1, { wrap_mode: 1 }))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('operators that older opsets spell out', () => {
  test.each(Object.entries(spelledOut))('%s: the error names the opset', (op, [opset, parts]) => {
    // Where it runs, nobody asks.
    expect(addOperators().has(op)).toBe(false);
    for (const part of parts.split(/, | and /)) expect(addOperators().get(part)?.since).toBeLessThanOrEqual(opset);
    const graph = graphOf({ opset: opset + 1, inputs: { x: [1] }, nodes: [{ op, name: 'here', inputs: ['x'] }] });
    expect(failure(() => checkOperators(graph)).message).toBe(
      `the model (opset ${opset + 1}) has an unsupported operator: ${op} (node 'here'); exported with opset ${opset} or older, ${op} is ${parts}`,
    );
  });

  test('of another domain, they are others', () => {
    const nodes = [{ op: 'Attention', domain: 'com.microsoft', name: 'here', inputs: ['x'] }];
    const { message } = failure(() => checkOperators(graphOf({ inputs: { x: [1] }, nodes })));
    expect(message).toMatch(/com\.microsoft\.Attention \(node 'here'\); the option operators can supply those of other domains$/);
  });
});
