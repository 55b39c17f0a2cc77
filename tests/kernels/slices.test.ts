// Kernels may read from and write to some channels of wider pixels: what lies beside them must stay as it is.

import { BatchNormArg, ClampArg, ConvArg, Op, WindowArg } from '../../assembly/opcodes.ts';
import { compile } from '../../src/compiler/compile.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import type { Winograd } from '../../src/ops/operator.ts';
import { winogradForms } from '../../src/ops/window/winograd.ts';
import type { Args, Buffer, Pointer } from '../../src/plan/place.ts';
import { type Instruction, isHost, type Plan } from '../../src/plan/plan.ts';
import { array, at, type NdArray, random, sizeOf } from '../reference/index.ts';
import { graphOf } from './graph.ts';
import { eachVariant, runGraph, runPlan } from './run.ts';

const GAP = 5;

/** Elements of an NCHW array as NHWC. */
const channelsLast = ({ dims, data }: NdArray): NdArray => {
  const [batch = 1, channels = 1, ...spatial] = dims;
  const pixels = sizeOf(spatial);
  const moved = array([batch, pixels, channels]);
  moved.data.forEach((_, i) => {
    const [n, rest] = [Math.floor(i / (pixels * channels)), i % (pixels * channels)];
    moved.data[i] = at(data, (n * channels + (rest % channels)) * pixels + Math.floor(rest / channels));
  });
  return moved;
};

/** Each pixel with `GAP` more channels behind, of 1e30: one of them in a sum would show. */
const widen = ({ dims, data }: NdArray): NdArray => {
  const channels = dims.at(-1) ?? 1;
  const wide = array([...dims.slice(0, -1), channels + GAP]);
  wide.data.forEach((_, i) => {
    const c = i % (channels + GAP);
    wide.data[i] = c < channels ? at(data, Math.floor(i / (channels + GAP)) * channels + c) : 1e30;
  });
  return wide;
};

/** The plan's last instruction of kind `op` alone, from input x to output y, both of wide pixels. */
function slicePlan(plan: Plan, op: Op, x: NdArray, outDims: number[], words: readonly [number, number, number, number]): Plan {
  const { args } = plan.steps.findLast((step) => !isHost(step) && step.op === op) as { args: Args };
  const buffer = (floats: number, offset: number): Buffer => ({ region: 'arena', bytes: floats * 4, offset });
  // Behind everything that the plan has placed.
  const first = Math.ceil(plan.arenaBytes / 64) * 64;
  const second = first + Math.ceil((x.data.length * 4) / 64) * 64;
  const input: Pointer = { buffer: buffer(x.data.length, first), offset: 0 };
  const output: Pointer = { buffer: buffer(sizeOf(outDims), second), offset: 0 };
  const [inputWord, outputWord, inStride, outStride] = words;
  const wide = {
    ...args,
    [inputWord]: input,
    [outputWord]: output,
    [inStride]: (x.dims.at(-1) ?? 0) * 4,
    [outStride]: (outDims.at(-1) ?? 0) * 4,
  };
  return {
    inputs: [{ name: 'x', type: 'float32', dims: x.dims, pointer: input }],
    outputs: [{ name: 'y', type: 'float32', dims: outDims, pointer: output }],
    residents: plan.residents,
    steps: [{ op, args: wide, node: 'slice', macs: 0 }],
    arenaBytes: second + output.buffer.bytes,
    workspaceBytes: plan.workspaceBytes,
    relayouts: 0,
  };
}

const windowWords = [WindowArg.Input, WindowArg.Output, WindowArg.InPixelStride, WindowArg.OutPixelStride] as const;
const normWords = [BatchNormArg.Input, BatchNormArg.Output, BatchNormArg.InPixelStride, BatchNormArg.OutPixelStride] as const;

interface SliceCase {
  op: string;
  kernel: Op;
  words: readonly [number, number, number, number];
  attributes?: Record<string, Attribute>;
  /** Shapes of the constants, given the channels. */
  constants?: (channels: number) => number[][];
  /** No form where left out. */
  winograd?: Winograd;
}

const cases: Record<string, SliceCase> = {
  Conv: { op: 'Conv', kernel: Op.Conv, words: windowWords, attributes: { pads: [1, 1, 1, 1] }, constants: (c) => [[c, c, 3, 3], [c]] },
  ...Object.fromEntries(
    winogradForms.map((form) => [
      `Conv by F(${form.size}, ${form.taps})`,
      {
        op: 'Conv',
        kernel: Op.Winograd,
        words: windowWords,
        attributes: { pads: [2, 2, 2, 2] },
        constants: (c: number) => [[c, c, form.taps, form.taps], [c]],
        winograd: form,
      },
    ]),
  ),
  'Conv in groups': {
    op: 'Conv',
    kernel: Op.Conv,
    words: windowWords,
    attributes: { group: 2, strides: [2, 1] },
    constants: (c) => [[2 * c, c, 2, 2], [2 * c]],
  },
  'depthwise Conv': { op: 'Conv', kernel: Op.DepthwiseConv, words: windowWords, constants: (c) => [[c, 1, 3, 3], [c]] },
  MaxPool: { op: 'MaxPool', kernel: Op.MaxPool, words: windowWords, attributes: { kernel_shape: [2, 2], pads: [1, 0, 0, 1] } },
  AveragePool: { op: 'AveragePool', kernel: Op.AveragePool, words: windowWords, attributes: { kernel_shape: [3, 2], strides: [1, 2] } },
  BatchNormalization: { op: 'BatchNormalization', kernel: Op.BatchNorm, words: normWords, constants: (c) => [[c], [c], [c], [c]] },
};

eachVariant((variant) => {
  describe.each(Object.entries(cases))('%s', (name, { op, kernel, words, attributes = {}, constants = () => [], winograd = false }) => {
    test.each(winograd ? [4, 8, 12] : [2, 3, 4, 5, 7, 8, 9])('%i channels of wider pixels', (channels) => {
      const x = random([2, name === 'Conv in groups' ? 2 * channels : channels, 4, 5], 1);
      const depthwise = kernel === Op.DepthwiseConv ? { group: channels } : {};
      const values = constants(channels).map((dims, i) => random(dims, i + 2, 0.1, 1));
      const graph = graphOf({
        inputs: { x: x.dims },
        constants: Object.fromEntries(values.map((value, i) => [`c${i}`, value])),
        nodes: [{ op, attributes: { ...attributes, ...depthwise }, inputs: ['x', ...values.map((_, i) => `c${i}`)] }],
      });
      const [expected] = runGraph(graph, { x }, { variant, winograd }) as [NdArray];
      const packed = channelsLast(expected);
      const outDims = [...packed.dims.slice(0, 2), (packed.dims[2] ?? 0) + GAP];
      const wide = widen(channelsLast(x));
      const plan = compile(graph, { dims: new Map([['x', x.dims]]), winograd });
      const [y] = runPlan(slicePlan(plan, kernel, wide, outDims, words), { x: wide }, variant) as [NdArray];
      const width = outDims[2] ?? 0;
      expect(y.data.filter((_, i) => i % width < width - GAP)).toEqual(packed.data);
      expect(y.data.filter((_, i) => i % width >= width - GAP).every(Number.isNaN)).toBe(true);
    });
  });

  test.each([1, 3, 4, 5, 9])('clamp of %i channels of wider pixels', (channels) => {
    const graph = graphOf({ inputs: { x: [3, channels] }, nodes: [{ op: 'Relu', inputs: ['x'] }] });
    const plan = compile(graph, { dims: new Map([['x', [3, channels]]]) });
    const { args } = plan.steps[0] as { args: Args };
    const rows = {
      ...plan,
      steps: [{ op: Op.Clamp, args: { ...args, [ClampArg.Pixels]: 3, [ClampArg.Channels]: channels }, node: '', macs: 0 }],
    };
    const x = random([3, channels], 1);
    const wide = widen(x);
    const words = [ClampArg.Input, ClampArg.Output, ClampArg.InPixelStride, ClampArg.OutPixelStride] as const;
    const [y] = runPlan(slicePlan(rows, Op.Clamp, wide, wide.dims, words), { x: wide }, variant) as [NdArray];
    const width = channels + GAP;
    expect(y.data.filter((_, i) => i % width < channels)).toEqual(x.data.map((value) => Math.max(value, 0)));
    expect(y.data.filter((_, i) => i % width >= channels).every(Number.isNaN)).toBe(true);
  });

  test('a residual may be the output and may be wider', () => {
    const x = random([1, 5, 3, 3], 1);
    const [w, r] = [random([7, 5, 1, 1], 2), random([1, 7, 3, 3], 3)];
    const graph = graphOf({
      inputs: { x: x.dims, r: r.dims },
      constants: { w },
      nodes: [
        { op: 'Conv', inputs: ['x', 'w'] },
        { op: 'Add', inputs: ['Conv_0', 'r'] },
      ],
    });
    const [expected] = runGraph(graph, { x, r }, { variant }) as [NdArray];
    const plan = compile(graph, { dims: new Map(Object.entries({ x: x.dims, r: r.dims })) });
    const [wide, residual] = [widen(channelsLast(x)), widen(channelsLast(r))];
    const sliced = slicePlan(plan, Op.Conv, wide, residual.dims, windowWords);
    const [instruction] = sliced.steps as [Instruction];
    const output = instruction.args[WindowArg.Output] as Pointer;
    const args = { ...instruction.args, [ConvArg.Residual]: output, [ConvArg.ResidualPixelStride]: (7 + GAP) * 4 };
    const inPlace: Plan = {
      ...sliced,
      inputs: [...sliced.inputs, { name: 'r', type: 'float32', dims: residual.dims, pointer: output }],
      steps: [{ ...instruction, args }],
    };
    const [y] = runPlan(inPlace, { x: wide, r: residual }, variant) as [NdArray];
    expect(y.data.filter((_, i) => i % (7 + GAP) < 7)).toEqual(channelsLast(expected).data);
    expect(y.data.filter((_, i) => i % (7 + GAP) >= 7).every((value) => value === Math.fround(1e30))).toBe(true);
  });
});
