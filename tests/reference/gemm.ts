import { array, at, type NdArray } from './array.ts';
import { broadcastDims, expand } from './elementwise.ts';
import { transpose } from './shape.ts';

export interface GemmOptions {
  /** [M, K], or [K, M] with transA. */
  a: NdArray;
  /** [K, N], or [N, K] with transB. */
  b: NdArray;
  /** Anything that broadcasts to [M, N]. */
  c?: NdArray;
  /** 1 where left out, as beta. */
  alpha?: number;
  beta?: number;
  transA?: boolean;
  transB?: boolean;
}

/** ONNX Gemm: y = alpha * A B + beta * C, with A or B transposed first where asked. C broadcasts to the product, never the other way. */
export function gemm({ a, b, c, alpha = 1, beta = 1, transA = false, transB = false }: GemmOptions): NdArray {
  if (a.dims.length !== 2 || b.dims.length !== 2) throw new Error(`[${a.dims}] and [${b.dims}] are not two matrices`);
  const left = transA ? transpose(a) : a;
  const right = transB ? transpose(b) : b;
  const rows = at(left.dims, 0);
  const inner = at(left.dims, 1);
  const columns = at(right.dims, 1);
  if (inner !== right.dims[0]) throw new Error(`[${left.dims}] and [${right.dims}] do not multiply`);
  if (c && `${broadcastDims(c.dims, [rows, columns])}` !== `${[rows, columns]}`) {
    throw new Error(`c of [${c.dims}] does not broadcast to [${rows}, ${columns}]`);
  }

  const addend = c && expand(c, [rows, columns]);
  const y = array([rows, columns]);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += at(left.data, i * inner + k) * at(right.data, k * columns + j);
      const place = i * columns + j;
      y.data[place] = alpha * sum + (addend ? beta * at(addend.data, place) : 0);
    }
  }
  return y;
}
