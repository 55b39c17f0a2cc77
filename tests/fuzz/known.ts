// Where Lanewise and onnxruntime differ and both have a reason, each as narrow as it can be told: a node and what it reads. Everything that
// follows from such a node is not compared.

import { type FuzzNode, type FuzzTensor, someNumber } from './graph.ts';
import type { Result } from './onnxruntime.ts';

type Read = Result | FuzzTensor | undefined;

export interface Known {
  readonly name: string;
  readonly reason: string;
  matches(node: FuzzNode, inputs: readonly Read[], opset: number): boolean;
}

const intsOf = (node: FuzzNode, name: string): readonly number[] => {
  const value = node.attributes[name];
  return Array.isArray(value) ? value.map(Number) : [];
};
const same = (node: FuzzNode): boolean => String(node.attributes.auto_pad ?? '').startsWith('SAME');
const hasNaN = (inputs: readonly Read[]): boolean => inputs.some((value) => someNumber(value?.data, Number.isNaN));
const isReduction = (op: string): boolean => op.startsWith('Reduce') || op === 'ArgMax' || op === 'ArgMin';
const pools = ['MaxPool', 'AveragePool', 'LpPool'];

/** Whether the numbers along some axes, at one place of the others, are all the same. */
function isFlat(value: Read, axes: readonly number[]): boolean {
  const { dims = [], data = [] } = value ?? {};
  const seen = new Map<string, number>();
  const flat = new Map<string, boolean>();
  for (let i = 0; i < data.length; i++) {
    let rest = i;
    const index = dims.toReversed().map((dim) => {
      const at = rest % dim;
      rest = (rest - at) / dim;
      return at;
    });
    const place = index
      .reverse()
      .map((at, axis) => (axes.includes(axis) || axes.includes(axis - dims.length) ? 0 : at))
      .join();
    const number = Number(data[i]);
    if (!seen.has(place)) seen.set(place, number);
    flat.set(place, (flat.get(place) ?? true) && number === seen.get(place));
  }
  return [...flat.values()].includes(true);
}

/** What whole types hold, by ONNX's numbers of types. */
const ranges: Readonly<Record<number, readonly [number, number]>> = {
  2: [0, 255],
  3: [-128, 127],
  4: [0, 65535],
  5: [-32768, 32767],
  6: [-(2 ** 31), 2 ** 31 - 1],
  7: [-(2 ** 63), 2 ** 63],
  12: [0, 2 ** 32 - 1],
  13: [0, 2 ** 64],
};

/** The size of the product of all numbers but zeros. */
const productOf = (data: Result['data']): number => Array.from(data as Float64Array, Number).reduce((a, b) => a * (Math.abs(b) || 1), 1);

/** Whether a pool's window reaches further than the padded picture, and steps by more than 1. */
function overreaches(node: FuzzNode, x: Read): boolean {
  const [kernel, pads, strides, dilations] = ['kernel_shape', 'pads', 'strides', 'dilations'].map((name) => intsOf(node, name));
  return (x?.dims ?? []).slice(2).some((size, i, sizes) => {
    const padded = size + (pads?.[i] ?? 0) + (pads?.[i + sizes.length] ?? 0);
    return ((kernel?.[i] ?? 1) - 1) * (dilations?.[i] ?? 1) + 1 > padded && (strides?.[i] ?? 1) > 1;
  });
}

const stridesOver = (node: FuzzNode, window: readonly number[]): boolean =>
  same(node) && window.some((size, i) => (intsOf(node, 'strides')[i] ?? 1) > (size - 1) * (intsOf(node, 'dilations')[i] ?? 1) + 1);

export const known: readonly Known[] = [
  {
    name: 'SAME padding with dilation',
    reason:
      'ONNX: as many positions as the input has by the stride, whatever the dilation; onnxruntime does not widen the window for the padding',
    matches: (node) => pools.includes(node.op) && same(node) && intsOf(node, 'dilations').some((dilation) => dilation > 1),
  },
  {
    name: 'NaN where the largest or smallest is chosen',
    reason: 'ONNX leaves it open; Lanewise lets NaN win, onnxruntime sees it in some of these operators, and by where it stands',
    matches: ({ op }, inputs) =>
      [
        'ArgMax',
        'ArgMin',
        'MaxPool',
        'GlobalMaxPool',
        'TopK',
        'ReduceMax',
        'ReduceMin',
        'Max',
        'Min',
        'Clip',
        'Hardmax',
        'ReduceLogSumExp',
      ].includes(op) && hasNaN(inputs),
  },
  {
    name: 'reductions of tensors without elements',
    reason: 'ONNX: the dimension becomes 1 and holds the neutral element; onnxruntime keeps it 0 in older opsets, or refuses',
    matches: ({ op }, [x]) => isReduction(op) && x?.dims.includes(0) === true,
  },
  {
    name: 'MeanVarianceNormalization of what is all the same',
    reason: 'ONNX adds 1e-9 to the deviation, so it is 0; onnxruntime divides rounding by rounding, or 0 by 0',
    matches: (node, [x]) => node.op === 'MeanVarianceNormalization' && isFlat(x, node.attributes.axes ? intsOf(node, 'axes') : [0, 2, 3]),
  },
  {
    name: 'SAME padding with a stride over the window',
    reason:
      'ONNX: nothing is padded; onnxruntime pads by less than nothing, so that pools begin at a later position and ConvTranspose gives less',
    matches: (node, [, w]) =>
      (pools.includes(node.op) && stridesOver(node, intsOf(node, 'kernel_shape'))) ||
      (node.op === 'ConvTranspose' && stridesOver(node, (w?.dims ?? []).slice(2))),
  },
  {
    name: 'the mask of Dropout before opset 12',
    reason: 'ONNX leaves it open outside training; Lanewise gives ones, as opset 12 has it, onnxruntime zeros',
    matches: ({ op, outputs }, _, opset) => op === 'Dropout' && opset < 12 && outputs.length > 1,
  },
  {
    name: 'Squeeze of an empty list of axes',
    reason: "ONNX's reference removes nothing; onnxruntime takes it for a list that is left out and removes every dimension of 1",
    matches: ({ op, inputs }, [, axes]) => op === 'Squeeze' && inputs.length > 1 && axes?.data.length === 0,
  },
  {
    name: 'pools larger than the picture',
    reason: "ONNX's formula gives nothing; onnxruntime cuts its quotient towards 0 where the stride is over 1, and gives one element",
    matches: (node, [x]) => pools.includes(node.op) && overreaches(node, x),
  },
  {
    name: 'tf_crop_and_resize',
    reason:
      'ONNX: the output is the size of the crop by the scale; onnxruntime takes the whole input for the crop there, and forgets the crop along an axis whose size stays',
    matches: (node) => node.op === 'Resize' && node.attributes.coordinate_transformation_mode === 'tf_crop_and_resize',
  },
  {
    name: 'Resize by sizes, not nearest',
    reason:
      'Places are exact; onnxruntime has the quotient of the sizes in float32, and copies an antialiased axis that a policy keeps by rounding',
    matches: ({ op, attributes, inputs }) => op === 'Resize' && (attributes.mode ?? 'nearest') !== 'nearest' && (inputs[3] ?? '') !== '',
  },
  {
    name: 'Resize and GridSample beside infinities',
    reason: 'A tap that lies past the edge counts nothing here and in PyTorch; in onnxruntime it is the edge times 0, NaN',
    matches: ({ op }, [x]) => ['Resize', 'Upsample', 'GridSample'].includes(op) && someNumber(x?.data, (value) => !Number.isFinite(value)),
  },
  {
    name: 'normalisation by the mean of squares',
    reason: 'onnxruntime takes the variance as E[x²] - E[x]²: up to 1e-4 off where the mean is of the size of the deviation',
    matches: ({ op }) => ['MeanVarianceNormalization', 'InstanceNormalization', 'GroupNormalization'].includes(op),
  },
  {
    name: 'LRN with infinities and NaN',
    reason:
      'ONNX: those within the window; onnxruntime adds and takes away as the window moves, so that one of them reaches all channels behind it',
    matches: ({ op }, [x]) => op === 'LRN' && someNumber(x?.data, (value) => !Number.isFinite(value)),
  },
  {
    name: 'ConvTranspose with an output_shape over what it makes',
    reason: 'ONNX: the padding is then negative and lies on both sides; onnxruntime has zeros at the end only',
    matches: (node, [x, w]) =>
      node.op === 'ConvTranspose' &&
      intsOf(node, 'output_shape').some((size, i) => {
        const [from = 1, kernel = 1] = [x?.dims[i + 2], w?.dims[i + 2]];
        const [stride = 1, dilation = 1, more = 0] = ['strides', 'dilations', 'output_padding'].map((name) => intsOf(node, name)[i]);
        return size > stride * (from - 1) + more + (kernel - 1) * dilation + 1;
      }),
  },
  {
    name: 'Cast of what the type does not hold',
    reason:
      'ONNX leaves it open; Lanewise wraps around as whole numbers do, NaN and infinities being 0, onnxruntime does as the processor does',
    matches: (node, [x]) => {
      const [low, high] = ranges[Number(node.attributes.to)] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
      return (
        node.op === 'Cast' && Number(node.attributes.to) in ranges && someNumber(x?.data, (value) => !(value > low - 1 && value < high + 1))
      );
    },
  },
  {
    name: 'Sigmoid far from 0',
    reason:
      'onnxruntime has 0 from -18 down, few values in no order before that, and 1.0000001 at the other end; Lanewise rounds the right value',
    matches: ({ op }, [x]) => op === 'Sigmoid' && someNumber(x?.data, (value) => Math.abs(value) > 15),
  },
  {
    name: 'Selu near 0',
    reason: 'onnxruntime takes 1 from exp(x), which leaves nothing of small numbers',
    matches: ({ op }, [x]) => op === 'Selu' && someNumber(x?.data, (value) => value < 0 && value > -0.01),
  },
  {
    name: 'ReduceProd over the limit',
    reason:
      'ONNX leaves it open; whole numbers wrap around here and may be the largest or smallest there, and infinity times 0 hangs on the order',
    matches: ({ op }, [x]) =>
      op === 'ReduceProd' &&
      x !== undefined &&
      productOf(x.data) >= (x.type === 'int64' ? 2 ** 63 : x.type === 'int32' ? 2 ** 31 : 2 ** 127),
  },
  {
    name: 'Gemm of depth 0',
    reason: 'ONNX: beta times C is left; onnxruntime leaves C alone, whatever beta is',
    matches: (node, [a, , c]) =>
      node.op === 'Gemm' && a?.dims.includes(0) === true && c !== undefined && node.attributes.beta !== undefined,
  },
  {
    name: 'the sign of a zero that was computed',
    reason: 'onnxruntime has 0 for -1.25 * 0 in some operators (PRelu of float64), which shows where something is divided by it',
    matches: ({ op, inputs }, read) =>
      ['Reciprocal', 'Div'].includes(op) &&
      inputs.at(-1)?.startsWith('v') === true &&
      someNumber(read.at(-1)?.data, (value) => value === 0),
  },
  {
    name: 'Pow of whole numbers that has no whole result',
    reason:
      'ONNX leaves it open; it is NaN or over the limit as a real number, which Lanewise makes 0 or wraps around as Cast does, and onnxruntime as the processor has it',
    matches: ({ op }, [x, y]) =>
      op === 'Pow' && !x?.type.startsWith('float') && y?.type.startsWith('float') === true && someNumber(x?.data, (value) => value < 0),
  },
];

/** What Lanewise leaves out, as docs/operators.md has it: the refusal of a graph that onnxruntime runs. */
export const limits: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Resize of other types: nearest without crops only', /node 'node\d+': nearest tf_crop_and_resize of \w+; float32 is supported/],
  ['pools whose size would be below 0', /a window of \d+ does not fit \d+ positions/],
  ['GridSample of pictures without pixels', /its input is an empty picture/],
  ['global pools of pictures without pixels', /global pooling of an empty picture/],
  ['Conv of pictures without channels', /weights \[\d+, 0, .*\] in \d+ group\(s\) do not fit 0 input channels/],
  ['ArgMax and ArgMin along an axis without elements', /axis \d+ is empty/],
];

/** The names of the values that known differences reach, each with the name of one. */
export function reached(nodes: readonly FuzzNode[], opset: number, readValue: (name: string) => Read): Map<string, string> {
  const found = new Map<string, string>();
  for (const node of nodes) {
    const read = node.inputs.map((name) => (name === '' ? undefined : readValue(name)));
    const why = node.inputs.map((name) => found.get(name)).find(Boolean) ?? known.find((entry) => entry.matches(node, read, opset))?.name;
    if (why) for (const name of node.outputs) found.set(name, why);
  }
  return found;
}
