import { GEMM_SUMS, NR, Op, PackArg, RANK, ReduceArg, ReduceKind, ResampleArg, WINOGRAD_SCRATCH } from '../../assembly/opcodes.ts';
import { at, random, reduce } from '../reference/index.ts';
import { Alone, clamped, expectNear, HIGH, LOW, panels, range } from './alone.ts';
import { eachVariant, sumTolerance } from './run.ts';

eachVariant((variant) => {
  const kernels = new Alone(variant);
  beforeEach(() => kernels.clear());

  test.each(variant === 'relaxed' ? [false, true] : [false])('gemm 4x8, with the wide tile: %j', (wide) => {
    for (const rows of [1, 3, 4, 5, 12, 13, 25]) {
      for (const depth of [1, 3, 17]) {
        for (const residual of [false, true]) {
          kernels.clear();
          const [x, w, bias, more] = [[rows, depth], [depth, NR], [NR], [rows, NR]].map((dims, i) => random(dims, i + 1).data);
          const split = depth >> 1;
          const stride = NR + 4;
          const [limits, sums, out] = [kernels.floats([LOW, HIGH]), kernels.room(GEMM_SUMS / 4), kernels.room(rows * stride)];
          const rest = new Float32Array(rows * stride);
          for (let m = 0; m < rows; m++) rest.set(more?.subarray(m * NR, m * NR + NR) ?? [], m * stride);
          const added = residual ? kernels.floats(rest) : 0;
          // The depth in two parts, of sums of three products at most.
          for (const [from, to] of [
            [0, split],
            [split, depth],
          ] as const) {
            const size = to - from;
            const packed = range(Math.ceil(rows / 4) * 4 * size).map((i) => {
              const [pack, k, lane] = [Math.floor(i / (4 * size)), Math.floor(i / 4) % size, i % 4];
              return x?.[(pack * 4 + lane) * depth + from + k] ?? 7;
            });
            const b = w?.subarray(from * NR, to * NR) ?? [];
            const args = [rows, size, 3, kernels.floats(packed), kernels.floats(b), kernels.floats(bias ?? []), out, 4 * stride];
            kernels.call('f32_gemm_4x8', Number(wide), ...args, added, 4 * stride, Number(from === 0), Number(to === depth), limits, sums);
          }
          const y = kernels.read(out, rows * stride);
          for (let m = 0; m < rows; m++) {
            const expected = range(NR).map((n) => {
              let sum = at(bias ?? [], n) + (residual ? at(more ?? [], m * NR + n) : 0);
              for (let k = 0; k < depth; k++) sum += at(x ?? [], m * depth + k) * at(w ?? [], k * NR + n);
              return clamped(sum);
            });
            expectNear(y.subarray(m * stride, m * stride + NR), expected, sumTolerance(depth + 2));
            expect(y.subarray(m * stride + NR, (m + 1) * stride)).toEqual(new Float32Array(4).fill(Number.NaN));
          }
        }
      }
    }
  });

  test('gemv 1x16', () => {
    for (const columns of [1, 3, 4, 5, 8, 9, 12, 15, 16]) {
      for (const depth of [1, 4, 33]) {
        for (const residual of [false, true]) {
          kernels.clear();
          const [x, w, bias, more] = [[depth], [depth, columns], [columns], [columns]].map((dims, i) => random(dims, i + 1).data);
          const b = kernels.floats(panels(columns, depth, w ?? [], bias ?? []));
          const second = columns > NR ? b + 4 * NR * (depth + 1) : b;
          const added = residual ? kernels.floats(more ?? []) : 0;
          const out = kernels.room(columns);
          kernels.call(
            'f32_gemv_columns_1x16',
            columns,
            depth,
            7,
            kernels.floats(x ?? []),
            b,
            second,
            out,
            added,
            kernels.floats([LOW, HIGH]),
          );
          const expected = range(columns).map((n) => {
            let sum = at(bias ?? [], n) + (residual ? at(more ?? [], n) : 0);
            for (let k = 0; k < depth; k++) sum += at(x ?? [], k) * at(w ?? [], k * columns + n);
            return clamped(sum);
          });
          expectNear(kernels.read(out, columns), expected, sumTolerance(depth + 2));
        }
      }
    }
  });

  test('pack_panels', () => {
    for (const columns of [1, 7, 8, 17]) {
      for (const bias of [false, true]) {
        kernels.clear();
        const [groups, height, width, channels] = [2, 2, 3, 5];
        const depth = height * width * channels;
        // [groups * columns][channels][height][width], as ONNX has filters; panels are channels-last.
        const [w, b] = [random([groups * columns, channels, height, width], 1).data, random([groups * columns], 2).data];
        const count = groups * Math.ceil(columns / NR) * NR * (1 + depth);
        const out = kernels.room(count);
        kernels.run(Op.PackPanels, {
          [PackArg.Source]: kernels.floats(w),
          [PackArg.Bias]: bias ? kernels.floats(b) : 0,
          [PackArg.Output]: out,
          [PackArg.Groups]: groups,
          [PackArg.Columns]: columns,
          [PackArg.Depth0]: height,
          [PackArg.Depth1]: width,
          [PackArg.Depth2]: channels,
          [PackArg.GroupStride]: columns * depth,
          [PackArg.ColumnStride]: depth,
          [PackArg.Stride0]: width,
          [PackArg.Stride1]: 1,
          [PackArg.Stride2]: height * width,
          [PackArg.BiasStride]: 1,
          [PackArg.Alpha]: { float: 2 },
          [PackArg.Beta]: { float: 0.5 },
        });
        const expected = range(groups).flatMap((g) => {
          const own = range(depth).flatMap((k) => {
            const [tap, c] = [Math.floor(k / channels), k % channels];
            return range(columns).map((n) => 2 * at(w, ((g * columns + n) * channels + c) * height * width + tap));
          });
          return panels(
            columns,
            depth,
            own,
            range(columns).map((n) => (bias ? 0.5 * at(b, g * columns + n) : 0)),
          );
        });
        expectNear(kernels.read(out, count), expected, 0);
      }
    }
  });

  test('transpose, four rows', () => {
    for (const rows of [1, 2, 3, 4]) {
      for (const columns of [1, 3, 4, 5, 8, 17]) {
        kernels.clear();
        const x = random([rows, columns], 1).data;
        const stride = rows + 1;
        const out = kernels.room(columns * stride);
        kernels.call('f32_transpose_rows_4x4', kernels.floats(x), 4 * columns, rows, columns, out, 4 * stride);
        const expected = range(columns * stride).map((i) =>
          i % stride === rows ? Number.NaN : at(x, (i % stride) * columns + Math.floor(i / stride)),
        );
        expectNear(kernels.read(out, columns * stride), expected, 0);
      }
    }
  });

  test('resample, a row', () => {
    for (const inner of [1, 3, 4, 5, 7, 8, 17]) {
      for (const list of [[2], [0, 4], [1, 2, 3, 0], [3, 1, 3, 3]]) {
        kernels.clear();
        const [x, weights] = [random([5, inner], 1).data, random([list.length], 2).data];
        // A row of fewer taps than others is filled up with its first one's index, and infinity behind weight 0 stays out.
        const taps = list.findIndex((index, i) => i > 0 && list.slice(i).every((other) => other === list[0] && index === other));
        const used = taps < 0 ? list.length : taps;
        const stride = inner + 3;
        const rows = range(5 * stride).map((i) => (i % stride < inner ? at(x, Math.floor(i / stride) * inner + (i % stride)) : Number.NaN));
        const out = kernels.room(inner);
        const pc = kernels.instruction(Op.Resample, {
          [ResampleArg.Indices]: kernels.ints(list),
          [ResampleArg.Weights]: kernels.floats(weights.map((weight, i) => (i < used ? weight : 0))),
          [ResampleArg.Taps]: list.length,
          [ResampleArg.Inner]: inner,
          [ResampleArg.InRowStride]: 4 * stride,
        });
        kernels.call('f32_resample_row', pc, kernels.floats(rows), out, 0);
        const expected = range(inner).map((c) =>
          list.slice(0, used).reduce((sum, index, i) => sum + at(weights, i) * at(x, index * inner + c), 0),
        );
        expectNear(kernels.read(out, inner), expected, sumTolerance(list.length));
      }
    }
  });

  // A row's result is a vector, which JavaScript cannot be given: by the instruction.
  test.each([
    [ReduceKind.Sum, 'ReduceSum'],
    [ReduceKind.SumAbs, 'ReduceL1'],
    [ReduceKind.SumSquare, 'ReduceSumSquare'],
    [ReduceKind.Max, 'ReduceMax'],
    [ReduceKind.Min, 'ReduceMin'],
    [ReduceKind.Prod, 'ReduceProd'],
  ])('reduce, rows and columns: kind %i is %s', (kind, op) => {
    for (const outputs of [1, 3, 4, 9]) {
      for (const length of [1, 3, 4, 5, 8, 17, 256, 259]) {
        for (const along of [true, false]) {
          kernels.clear();
          const dims = along ? [outputs, length] : [length, outputs];
          const x = op === 'ReduceProd' ? random(dims, 1, 0.9, 1.1) : random(dims, 1);
          const out = kernels.room(outputs);
          const ones = (from: number) => Object.fromEntries(range(RANK).map((i) => [from + i, 1]));
          kernels.run(Op.Reduce, {
            [ReduceArg.Input]: kernels.floats(x.data),
            [ReduceArg.Output]: out,
            [ReduceArg.Kind]: kind,
            [ReduceArg.Scale]: { float: 1 },
            ...ones(ReduceArg.OutDims),
            ...ones(ReduceArg.ReducedDims),
            [ReduceArg.OutDims + RANK - 1]: outputs,
            [ReduceArg.InStrides + RANK - 1]: along ? 4 * length : 4,
            [ReduceArg.OutStrides + RANK - 1]: 4,
            [ReduceArg.ReducedDims + RANK - 1]: length,
            [ReduceArg.ReducedStrides + RANK - 1]: along ? 4 : 4 * outputs,
          });
          const expected = reduce(op, x, [along ? 1 : 0], false);
          const exact = op === 'ReduceMax' || op === 'ReduceMin';
          const largest = Math.max(1, ...expected.data.map(Math.abs));
          expectNear(kernels.read(out, outputs), [...expected.data], exact ? 0 : sumTolerance(length) * largest);
        }
      }
    }
  });

  /** The points of Winograd's form but infinity, and the coefficients of the products of (x - p) over the other points, constant first. */
  const pointsOf = (points: number): number[] => (points === 6 ? [0, Math.SQRT1_2, -Math.SQRT1_2, Math.SQRT2, -Math.SQRT2] : [0, 1, -1]);
  function coefficients(points: number): number[][] {
    const finite = pointsOf(points);
    return range(points).map((own) => {
      const others = finite.filter((_, i) => i !== own);
      const times = (terms: number[], p: number) => range(terms.length + 1).map((i) => (terms[i - 1] ?? 0) - p * (terms[i] ?? 0));
      const product = others.reduce(times, [1]);
      // Of four points, the one of 0 has the other sign.
      return range(points).map((i) => (points === 4 && own === 0 ? -1 : 1) * (product[i] ?? 0));
    });
  }

  test.each([4, 6])('winograd input, %i points', (points) => {
    for (const quads of [1, 2, 4]) {
      kernels.clear();
      const channels = 4 * quads;
      const patches = random([4, points, points, channels], 1);
      const base = kernels.floats(patches.data);
      // [tile][x][y], where the patches lie as [tile][y][x].
      const addresses = range(4 * points * points).map((i) => {
        const [tile, x, y] = [Math.floor(i / points ** 2), Math.floor(i / points) % points, i % points];
        return base + 4 * channels * ((tile * points + y) * points + x);
      });
      const matrix = 4 * channels + 4;
      const out = kernels.room(points ** 2 * matrix);
      const scratch = kernels.room(WINOGRAD_SCRATCH / 4);
      kernels.call('f32_winograd_input', points, kernels.ints(addresses), 0, quads, out, 4 * matrix, scratch);
      const y = kernels.read(out, points ** 2 * matrix);
      const rows = coefficients(points);
      for (let v = 0; v < points; v++) {
        for (let u = 0; u < points; u++) {
          const expected = range(4 * channels).map((i) => {
            const [c, tile] = [Math.floor(i / 4), i % 4];
            let sum = 0;
            for (let dy = 0; dy < points; dy++) {
              for (let dx = 0; dx < points; dx++) {
                const value = at(patches.data, ((tile * points + dy) * points + dx) * channels + c);
                sum += at(rows[v] ?? [], dy) * at(rows[u] ?? [], dx) * value;
              }
            }
            return sum;
          });
          const start = (v * points + u) * matrix;
          expectNear(y.subarray(start, start + 4 * channels), expected, 1e-5);
        }
      }
    }
  });

  test.each([
    [4, 2],
    [6, 2],
    [6, 4],
  ])('winograd output, %i points, tiles of %i', (points, size) => {
    for (const channels of [1, 3, 4, 5, 7, 8]) {
      for (const [rows, columns] of [
        [size, size],
        [1, size - 1],
      ] as const) {
        for (const residual of [false, true]) {
          kernels.clear();
          const [m, bias, more] = [random([points, points, NR], 1), random([NR], 2), random([rows, columns, NR], 3)];
          const [stride, added] = [channels + 1, residual ? kernels.floats(more.data) : 0];
          const out = kernels.room(rows * columns * stride);
          const [products, biases] = [kernels.floats(m.data), kernels.floats(bias.data)];
          const to = [out, 4 * columns * stride, 4 * stride, added, 4 * columns * NR, 4 * NR];
          const rest = [rows, columns, channels, kernels.floats([LOW, HIGH]), kernels.room(WINOGRAD_SCRATCH / 4)];
          kernels.call('f32_winograd_output', points, size, products, 4 * NR, biases, ...to, ...rest);
          /** What a point adds to an output: its power, or at infinity 1 to the last. */
          const power = (point: number, k: number) => (point === points - 1 ? Number(k === size - 1) : at(pointsOf(points), point) ** k);
          const expected = range(rows * columns * stride).map((i) => {
            const [oy, ox, c] = [Math.floor(i / stride / columns), Math.floor(i / stride) % columns, i % stride];
            if (c >= channels) return Number.NaN;
            let sum = at(bias.data, c) + (residual ? at(more.data, (oy * columns + ox) * NR + c) : 0);
            for (let y = 0; y < points; y++) {
              for (let x = 0; x < points; x++) sum += power(y, oy) * power(x, ox) * at(m.data, (y * points + x) * NR + c);
            }
            return clamped(sum);
          });
          expectNear(kernels.read(out, rows * columns * stride), expected, 1e-5);
        }
      }
    }
  });
});
