import { compile } from '../../src/compiler/compile.ts';
import { checkOperators } from '../../src/compiler/operators.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import { failure } from '../failure.ts';
import { float32, type GraphSpec, graphOf, int64 } from '../kernels/graph.ts';
import { array } from '../reference/index.ts';

const compiled = (spec: GraphSpec) => {
  const graph = graphOf(spec);
  checkOperators(graph);
  return compile(graph, { dims: new Map(Object.entries(spec.inputs) as [string, number[]][]) });
};
const refusal = (spec: GraphSpec) => failure(() => compiled(spec));

const zeros = (name: string, ...dims: number[]) => ({ [name]: array(dims) });

/** One node over an input x [1, 4, 6, 6] and constants. */
const one = (
  op: string,
  inputs: string[],
  attributes: Record<string, Attribute>,
  constants: GraphSpec['constants'] = {},
  opset = 13,
): GraphSpec => ({
  opset,
  inputs: { x: [1, 4, 6, 6] },
  constants,
  nodes: [{ op, name: 'here', inputs, attributes }],
});

describe('unsupported operators', () => {
  test('are all named at once, with their nodes, domains and the opset', () => {
    const error = refusal({
      inputs: { x: [1, 4] },
      nodes: [
        { op: 'LSTM', name: 'first', inputs: ['x'] },
        { op: 'Relu', inputs: ['x'] },
        { op: 'Gelu', domain: 'com.microsoft', name: 'second', inputs: ['x'] },
        { op: 'LSTM', name: 'third', inputs: ['x'] },
        { op: 'Relu', domain: 'my.ops', name: 'fourth', inputs: ['x'] },
      ],
    });
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.message).toBe(
      "the model (opset 13) has 3 unsupported operators: LSTM (nodes 'first', 'third'); com.microsoft.Gelu (node 'second'); my.ops.Relu (node 'fourth'); the option operators can supply those of other domains",
    );
  });

  test('many nodes of one are counted', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ op: 'STFT', name, inputs: ['x'] }));
    const error = refusal({ inputs: { x: [1] }, nodes });
    expect(error.message).toBe("the model (opset 13) has an unsupported operator: STFT (nodes 'a', 'b', 'c' and 2 more)");
  });

  test.each([
    ['Mod', 9, '10 on'],
    ['Gemm', 5, '6 on'],
    ['Relu', 5, '6 on'],
    ['Swish', 23, '24 on'],
    ['Upsample', 6, '7 to 9'],
    ['Upsample', 10, '7 to 9'],
  ])('%s of opset %i', (op, opset, range) => {
    const error = refusal({ opset, inputs: { x: [1, 4] }, nodes: [{ op, name: 'here', inputs: ['x', 'x'] }] });
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.message).toBe(
      `the model (opset ${opset}) has an unsupported operator: ${op} of opset ${opset} (supported from opset ${range}) (node 'here')`,
    );
  });
});

const w = zeros('w', 8, 4, 3, 3);
const matrices = { ...zeros('a', 3, 4), ...zeros('b', 4, 5), ...zeros('c', 2, 5) };
const vectors = { ...zeros('s', 4), ...zeros('t', 4), ...zeros('m', 4), ...zeros('v', 4), ...zeros('five', 5) };

describe('attributes', () => {
  test.each<[string, GraphSpec, string]>([
    ['a string for a list', one('Conv', ['x', 'w'], { strides: 'two' }, w), "attribute 'strides' is not a list of whole numbers"],
    ['a number for a list', one('Conv', ['x', 'w'], { pads: 1 }, w), "attribute 'pads' is not a list of whole numbers"],
    ['halves in a list', one('Conv', ['x', 'w'], { strides: [1.5, 1] }, w), "attribute 'strides' is not a list of whole numbers"],
    ['bigints beyond 2^53', one('Conv', ['x', 'w'], { strides: [2n ** 60n, 1n] }, w), "attribute 'strides' is not a list of whole numbers"],
    ['a list for a number', one('Conv', ['x', 'w'], { group: [1] }, w), "attribute 'group' is not a whole number"],
    ['half a group', one('Conv', ['x', 'w'], { group: 1.5 }, w), "attribute 'group' is not a whole number"],
    ['a number for a string', one('Conv', ['x', 'w'], { auto_pad: 1 }, w), "attribute 'auto_pad' is not a string"],
    ['NaN for a number', one('Gemm', ['a', 'b'], { alpha: Number.NaN }, matrices), "attribute 'alpha' is not a finite number"],
    ['a subgraph', one('Gemm', ['a', 'b'], { alpha: { unsupported: 'GRAPH' } }, matrices), "attribute 'alpha' is not a finite number"],
    ['2 for a flag', one('Gemm', ['a', 'b'], { transA: 2 }, matrices), "attribute 'transA' is 2, expected 0 or 1"],
    ['no group', one('Conv', ['x', 'w'], { group: 0 }, w), "attribute 'group' is 0, expected 1 or more"],
    ['a stride of 0', one('Conv', ['x', 'w'], { strides: [0, 1] }, w), "attribute 'strides' holds 0, expected 1 to 268435455"],
    ['a negative pad', one('Conv', ['x', 'w'], { pads: [0, -1, 0, 0] }, w), "attribute 'pads' holds -1, expected 0 to 268435455"],
    ['a huge pad', one('Conv', ['x', 'w'], { pads: [0, 0, 2 ** 28, 0] }, w), "attribute 'pads' holds 268435456"],
    ['a huge stride', one('Conv', ['x', 'w'], { strides: [2 ** 31, 1] }, w), "attribute 'strides' holds 2147483648"],
    ['a huge dilation', one('Conv', ['x', 'w'], { dilations: [2 ** 40, 1] }, w), "attribute 'dilations' holds 1099511627776"],
    ['a kernel of 0', one('MaxPool', ['x'], { kernel_shape: [0, 1] }), "attribute 'kernel_shape' holds 0"],
    ['no kernel', one('MaxPool', ['x'], {}), "attribute 'kernel_shape' is missing"],
    ['too few strides', one('Conv', ['x', 'w'], { strides: [1] }, w), "attribute 'strides' [1] should have 2 entries"],
    ['too few pads', one('Conv', ['x', 'w'], { pads: [1, 1] }, w), "attribute 'pads' [1, 1] should have 4 entries"],
    ['another kernel than the weights', one('Conv', ['x', 'w'], { kernel_shape: [3, 2] }, w), 'kernel_shape [3, 2] contradicts weights'],
    ['a wrong auto_pad', one('Conv', ['x', 'w'], { auto_pad: 'SAME' }, w), "attribute 'auto_pad' is 'SAME', expected NOTSET"],
    [
      'a window over the picture',
      // One of 7 gives nothing, as ONNX counts.
      one('MaxPool', ['x'], { kernel_shape: [8, 1] }),
      'a window of 8 does not fit 6 positions padded by 0 and 0',
    ],
    [
      'a dilated window over everything',
      one('Conv', ['x', 'w'], { dilations: [2 ** 27, 1] }, w),
      'a window of 268435457 over 6 positions is too large',
    ],
    ['an axis outside', one('Softmax', ['x'], { axis: 4 }), 'axis 4 is outside a tensor of rank 4'],
    ['a negative axis outside', one('Flatten', ['x'], { axis: -5 }), 'axis -5 is outside a tensor of rank 4'],
  ])('%s', (_, spec, message) => {
    const error = refusal(spec);
    expect(error.code).toBe('INVALID_MODEL');
    expect(error.message).toContain(message);
    expect(error.message).toContain("'here'");
  });

  test.each<[string, GraphSpec, string]>([
    ['an unknown one', one('Relu', ['x'], { alpha: 1 }), "Relu 'here': attribute 'alpha' is not known at this opset"],
    ['one of another opset', one('Dropout', ['x'], { ratio: 0.5 }), "Dropout 'here': attribute 'ratio' is not known at this opset"],
    ['storage order', one('MaxPool', ['x'], { kernel_shape: [1, 1], storage_order: 1 }), 'storage_order 1'],
    [
      'a Constant of strings',
      { inputs: { x: [1] }, nodes: [{ op: 'Constant', name: 'here', inputs: [], attributes: { value_string: 'a' } }] },
      'without a numeric value',
    ],
  ])('unsupported: %s', (_, spec, message) => {
    expect(refusal(spec)).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining(message) });
  });
});

describe('inputs', () => {
  test.each<[string, GraphSpec, string, string]>([
    ['too few', one('Conv', ['x'], {}), 'INVALID_MODEL', "Conv 'here' has 1 inputs, needs 2"],
    ['too many', one('Relu', ['x', 'x'], {}), 'UNSUPPORTED', "Relu 'here' has 2 inputs; 1 are supported"],
    ['one left out that is needed', one('Conv', ['', 'w'], {}, w), 'INVALID_MODEL', "node 'here' leaves out its input 0"],
    ['undefined', one('Add', ['x', 'nowhere'], {}), 'INVALID_MODEL', "Add 'here': input 'nowhere' is not defined"],
    [
      'int64 where float32 is needed',
      one('Conv', ['x', 'n'], {}, { n: int64('n', [1]) }),
      'UNSUPPORTED',
      "input 'n' is int64; float32 is supported",
    ],
    [
      'int64 and float32',
      one('Add', ['x', 'n'], {}, { n: int64('n', [1]) }),
      'INVALID_MODEL',
      'its inputs are float32 and int64, which should be the same',
    ],
    ['a vector to a convolution', { ...one('Conv', ['x', 'w'], {}, w), inputs: { x: [4] } }, 'INVALID_MODEL', 'has no spatial dimension'],
    [
      'three dimensions to a convolution',
      { ...one('Conv', ['x', 'w'], {}, zeros('w', 8, 4, 1, 1, 1)), inputs: { x: [1, 4, 2, 2, 2] } },
      'UNSUPPORTED',
      '3 spatial dimensions',
    ],
    ['weights of other channels', one('Conv', ['x', 'w'], {}, zeros('w', 8, 3, 3, 3)), 'INVALID_MODEL', 'do not fit 4 input channels'],
    ['weights of other rank', one('Conv', ['x', 'w'], {}, zeros('w', 8, 4, 3)), 'INVALID_MODEL', 'weights [8, 4, 3]'],
    ['weights without channels', one('Conv', ['x', 'w'], {}, zeros('w', 8, 0, 3, 3)), 'INVALID_MODEL', 'do not fit 4 input channels'],
    [
      'filters that do not divide into groups',
      one('Conv', ['x', 'w'], { group: 2 }, zeros('w', 5, 2, 3, 3)),
      'INVALID_MODEL',
      'in 2 group(s) do not fit',
    ],
    [
      'a bias of other length',
      one('Conv', ['x', 'w', 'b'], {}, { ...w, ...zeros('b', 7) }),
      'INVALID_MODEL',
      'bias [7] does not fit 8 output channels',
    ],
    [
      'statistics of other length',
      one('BatchNormalization', ['x', 's', 't', 'five', 'v'], {}, vectors),
      'INVALID_MODEL',
      'input 3 [5] does not fit 4 channels',
    ],
    [
      'matrices that do not multiply',
      one('Gemm', ['a', 'b'], { transB: 1 }, matrices),
      'INVALID_MODEL',
      'A [3, 4] and B [4, 5] transposed do not multiply',
    ],
    ['a C that does not broadcast', one('Gemm', ['a', 'b', 'c'], {}, matrices), 'INVALID_MODEL', 'do not broadcast'],
    [
      'a C that broadcasts the other way',
      one('Gemm', ['a', 'b', 'c'], {}, { ...matrices, ...zeros('c', 2, 3, 5) }),
      'INVALID_MODEL',
      'C [2, 3, 5] does not broadcast to [3, 5]',
    ],
    ['no matrix', one('Gemm', ['x', 'b'], {}, matrices), 'INVALID_MODEL', 'should be matrices'],
    [
      'shapes that do not broadcast',
      one('Add', ['x', 'five'], {}, vectors),
      'INVALID_MODEL',
      'shapes [1, 4, 6, 6] and [5] do not broadcast',
    ],
    [
      'a shape that does not fit',
      one('Reshape', ['x', 'n'], {}, { n: int64('n', [5, -1]) }),
      'INVALID_MODEL',
      '[1, 4, 6, 6] does not reshape to [5, -1]',
    ],
    ['a shape with two free dimensions', one('Reshape', ['x', 'n'], {}, { n: int64('n', [-1, -1]) }), 'INVALID_MODEL', 'does not reshape'],
    ['a shape below -1', one('Reshape', ['x', 'n'], {}, { n: int64('n', [-2, 6]) }), 'INVALID_MODEL', 'holds -2'],
    ['a shape of floats', one('Reshape', ['x', 'five'], {}, vectors), 'INVALID_MODEL', 'its shape is float32, not int64 or int32'],
  ])('%s', (_, spec, code, message) => {
    expect(refusal(spec)).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test('an output that nobody makes', () => {
    const spec = { ...one('Relu', ['x'], {}), outputs: ['nowhere'] };
    expect(refusal(spec)).toMatchObject({ code: 'INVALID_MODEL', message: "the output 'nowhere' is not defined" });
  });

  test('more outputs than there are', () => {
    const pool = { op: 'MaxPool', name: 'here', inputs: ['x'], outputs: ['y', 'indices'], attributes: { kernel_shape: [1] } };
    const spec: GraphSpec = { inputs: { x: [1, 1, 1] }, nodes: [pool], outputs: ['y', 'indices'] };
    expect(refusal(spec)).toMatchObject({
      code: 'UNSUPPORTED',
      message: "node 'here': its second output, the indices of the largest elements, is not supported",
    });
    // One that nobody reads does not matter.
    expect(compiled({ ...spec, outputs: ['y'] }).outputs).toHaveLength(1);
  });
});

test('sizes that do not fit memory are refused before anything is allocated', () => {
  const huge = one('Conv', ['x', 'w'], { pads: [2 ** 20, 2 ** 20, 2 ** 20, 2 ** 20] }, w);
  expect(refusal(huge)).toMatchObject({ code: 'TOO_LARGE', message: expect.stringContaining('over the limit of 805,306,368 bytes') });
  const padded = one('MaxPool', ['x'], { kernel_shape: [1, 1], pads: [2 ** 27, 2 ** 27, 2 ** 27, 2 ** 27] });
  expect(refusal(padded).code).toBe('TOO_LARGE');
});

test('what is not given is left out: trailing names that are empty', () => {
  const spec = one('Conv', ['x', 'w', ''], {}, { w: float32('w', array([8, 4, 3, 3])) });
  expect(compiled(spec).outputs).toHaveLength(1);
});
