import { Op, TransposeArg } from '../../assembly/opcodes.ts';
import type { Buffer } from '../../src/plan/place.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { array, at, conv, type NdArray, random, transpose } from '../reference/index.ts';
import { graphOf } from './graph.ts';
import { opsOf } from './plans.ts';
import { eachVariant, expectClose, expectNode, runGraph, runPlan, sumTolerance } from './run.ts';

const pool = { kernel_shape: [1, 1] };
const TRANSPOSE = 'f32_transpose_4x4';

/** A transpose of `batch` matrices whose rows are `inGap` and `outGap` floats further apart than they are long. */
function transposePlan(batch: number, rows: number, columns: number, inGap: number, outGap: number): Plan {
  const buffer = (floats: number): Buffer => ({ region: 'arena', bytes: floats * 4, offset: 0 });
  const input = { buffer: buffer(batch * rows * (columns + inGap)), offset: 0 };
  const output = { buffer: buffer(batch * columns * (rows + outGap)), offset: 0 };
  const outAt = Math.ceil(input.buffer.bytes / 64) * 64;
  output.buffer.offset = outAt;
  const args = {
    [TransposeArg.Input]: input,
    [TransposeArg.Output]: output,
    [TransposeArg.Batch]: batch,
    [TransposeArg.Rows]: rows,
    [TransposeArg.Columns]: columns,
    [TransposeArg.InRowStride]: (columns + inGap) * 4,
    [TransposeArg.OutRowStride]: (rows + outGap) * 4,
  };
  return {
    inputs: [{ name: 'x', type: 'float32', dims: [batch, rows, columns + inGap], pointer: input }],
    outputs: [{ name: 'y', type: 'float32', dims: [batch, columns, rows + outGap], pointer: output }],
    residents: [],
    steps: [{ op: Op.Transpose, args, node: 'transpose', macs: 0 }],
    arenaBytes: outAt + output.buffer.bytes,
    workspaceBytes: 0,
    relayouts: 0,
  };
}

/** The first `length` of the last dimension. */
function crop({ dims, data }: NdArray, length: number): NdArray {
  const width = dims.at(-1) ?? 0;
  return array(
    [...dims.slice(0, -1), length],
    data.filter((_, i) => i % width < length),
  );
}

eachVariant((variant) => {
  const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 17];

  test.each(sizes)('transposes %i rows, also with gaps, and writes nothing into the gaps', (rows) => {
    for (const columns of sizes) {
      for (const [batch, inGap, outGap] of [
        [1, 0, 0],
        [3, 0, 0],
        [1, 1, 0],
        [2, 3, 5],
      ] as const) {
        const x = random([batch, rows, columns + inGap], 1);
        const [y] = runPlan(transposePlan(batch, rows, columns, inGap, outGap), { x }, variant) as [NdArray];
        expectClose(crop(y, rows), transpose(crop(x, columns), [0, 2, 1]), 0);
        const gaps = y.data.filter((_, i) => i % (rows + outGap) >= rows);
        expect(gaps.every(Number.isNaN)).toBe(true);
      }
    }
  });

  test('moves NaN, infinities and -0 as they are', () => {
    const x = array([1, 2, 3], [Number.NaN, -0, Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY, 5e-45]);
    const [y] = runPlan(transposePlan(1, 2, 3, 0, 0), { x }, variant) as [NdArray];
    expect([...y.data]).toEqual([Number.NaN, 1, -0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, at(Float32Array.of(5e-45), 0)]);
  });

  // Windows of one pixel: into channels last and back, nothing else.
  test.each([
    [[1, 1, 1, 1]],
    [[1, 3, 1, 1]],
    [[1, 1, 3, 5]],
    [[2, 5, 1, 3]],
    [[2, 5, 3, 1]],
    [[3, 4, 4, 4]],
    [[1, 17, 7, 3]],
    [[2, 3, 9, 11]],
    [[1, 64, 13, 13]],
  ])('there and back for %j', (dims) => {
    const x = random(dims, 1);
    expectNode({ op: 'MaxPool', attributes: pool, inputs: [x], variant }, x, 0);
  });

  test('weights that another node has left channels last', () => {
    const [x, a, b] = [random([1, 2, 5, 5], 1), random([4, 3, 3, 3], 2), random([2, 3, 1, 1], 3)];
    const nodes = [
      { op: 'Conv', inputs: ['a', 'b'], outputs: ['w'] },
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['y'] },
    ];
    const graph = graphOf({ inputs: { x: x.dims, a: a.dims }, constants: { b }, nodes });
    const [y] = runGraph(graph, { x, a }, { variant }) as [NdArray];
    expectClose(y, conv({ x, w: conv({ x: a, w: b }) }), sumTolerance(18) * 3);
  });

  test('several readers share one changed value', () => {
    const x = random([1, 5, 3, 4], 1);
    const nodes = [
      { op: 'MaxPool', inputs: ['x'], outputs: ['p'], attributes: pool },
      { op: 'GlobalMaxPool', inputs: ['x'], outputs: ['q'] },
      { op: 'Flatten', inputs: ['p'], outputs: ['r'] },
      { op: 'Softmax', inputs: ['p'], outputs: ['s'], attributes: { axis: 1 } },
    ];
    const graph = graphOf({ opset: 12, inputs: { x: x.dims }, nodes, outputs: ['p', 'q', 'r', 's'] });
    // One to channels last for both pools, one back for the output, Flatten and Softmax; q has one pixel and needs none.
    expect(opsOf(graph, { x }).filter((name) => name === TRANSPOSE)).toHaveLength(2);
    const [p, , r] = runGraph(graph, { x }, { variant }) as [NdArray, NdArray, NdArray];
    expectClose(p, x, 0);
    expectClose(r, array([1, 60], x.data), 0);
  });
});

test('one pixel or one channel needs no instruction', () => {
  for (const dims of [
    [2, 5, 1, 1],
    [2, 1, 3, 4],
  ]) {
    const graph = graphOf({ inputs: { x: dims }, nodes: [{ op: 'MaxPool', inputs: ['x'], attributes: pool }] });
    expect(opsOf(graph, { x: { dims } })).toEqual(['f32_maxpool_c4']);
  }
});

test('a network that stays channels last changes layout at its ends only', () => {
  const nodes = ['MaxPool', 'Relu', 'AveragePool', 'Identity', 'MaxPool'].map((op, i) => ({
    op,
    inputs: [i === 0 ? 'x' : `v${i}`],
    outputs: [`v${i + 1}`],
    attributes: op.endsWith('Pool') ? pool : {},
  }));
  const kernels = opsOf(graphOf({ inputs: { x: [1, 5, 3, 3] }, nodes }), { x: { dims: [1, 5, 3, 3] } });
  expect(kernels).toEqual([TRANSPOSE, 'f32_maxpool_c4', 'f32_clamp', 'f32_avgpool_c4', 'f32_maxpool_c4', TRANSPOSE]);
});
