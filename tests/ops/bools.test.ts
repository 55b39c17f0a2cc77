// What ONNX defines of numbers is not computed of true and false: the result would be no bool (1 + 1 is 2, -1 is 255).

import { addOperators } from '../../src/compiler/operators.ts';
import { NEWEST_OPSET } from '../../src/ops/index.ts';
import { failure } from '../failure.ts';
import { runTyped } from '../kernels/run.ts';
import { bothWays, expectBoth, tensor } from './typed.ts';

const operators = addOperators();

/** Operators that take bool in one of the opsets (their type constraints in ONNX's schemas), and how many inputs the test gives. */
const takes =
  'And Cast CastLike Concat Constant ConstantOfShape DepthToSpace Dropout Equal Expand Flatten Gather GatherElements GridSample Identity NonZero Not Or Pad ReduceMax ReduceMin Reshape Resize Shape Size Slice SpaceToDepth Split Squeeze Tile Transpose Unsqueeze Upsample Where Xor'.split(
    ' ',
  );

/** Those whose result is right, though ONNX does not define it, and one that has another error. */
const others = 'ArgMax ArgMin Greater GreaterOrEqual Less LessOrEqual Range'.split(' ');

const bool = tensor('bool', [0, 1, 1, 1], [1, 1, 2, 2]);

test.each([...operators.keys()].filter((name) => !takes.includes(name) && !others.includes(name)))('%s takes no bool', (op) => {
  const operator = operators.get(op);
  const opset = operator?.until ?? NEWEST_OPSET;
  const [least] = operator?.inputs ?? [1];
  const attributes = {
    kernel_shape: /Pool$/.test(op) && !op.startsWith('Global') ? [1, 1] : undefined,
    size: op === 'LRN' ? 1 : undefined,
    num_groups: op === 'GroupNormalization' ? 1 : undefined,
  };
  const inputs = Array.from({ length: least }, () => bool);
  for (const constants of [[], inputs.map((_, i) => i)]) {
    const error = failure(() => runTyped({ op, opset, attributes, inputs, constants }));
    expect([op, error.code, error.message]).toEqual([op, 'UNSUPPORTED', expect.stringMatching(/^\w+ '.*is bool; .* supported$/)]);
  }
});

test('nor do the second inputs of Pow, CumSum and Range', () => {
  const one = tensor('float32', [1]);
  for (const inputs of [
    [one, tensor('bool', [1])],
    [one, tensor('bool', [1]), one],
  ]) {
    expect(failure(() => bothWays({ op: inputs.length === 2 ? 'Pow' : 'Range', inputs })).code).toBe('INVALID_MODEL');
  }
  const all = [0, 5, 1].map((value) => tensor('bool', [value && 1], []));
  expect(failure(() => bothWays({ op: 'Range', inputs: all })).code).toBe('INVALID_MODEL');
  expect(failure(() => bothWays({ op: 'CumSum', inputs: [one, tensor('bool', [0], [])] })).code).toBe('UNSUPPORTED');
});

test('what moves bools, compares them or chooses among them stays', () => {
  const [a, b] = [tensor('bool', [0, 1, 1]), tensor('bool', [1, 1, 0])];
  expectBoth({ op: 'Equal', inputs: [a, b] }, tensor('bool', [0, 1, 0]));
  expectBoth({ op: 'Where', inputs: [a, a, b] }, tensor('bool', [1, 1, 1]));
  expectBoth({ op: 'GatherElements', inputs: [a, tensor('int64', [2, 0])] }, tensor('bool', [1, 0]));
  expectBoth({ op: 'ReduceMax', opset: 20, inputs: [a] }, tensor('bool', [1], [1]));
  expectBoth({ op: 'Concat', attributes: { axis: 0 }, inputs: [a, b] }, tensor('bool', [0, 1, 1, 1, 1, 0]));
});
