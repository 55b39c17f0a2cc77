import { defineOp } from 'lanewise';

/**
 * The median of each size × size window of pictures [N, C, H, W], which takes specks out and leaves edges sharp. Beyond its border a
 * picture goes on as it ends.
 */
export const medianPool = defineOp({
  name: 'MedianPool',
  domain: 'examples',
  attributes: { size: { type: 'int', default: 3 } },
  inferShape([x], { size }) {
    if (x.type !== 'float32' || x.dims.length !== 4) throw new Error(`takes float32 [N, C, H, W], got ${x.type} [${x.dims}]`);
    if (size < 1 || size % 2 === 0) throw new Error(`takes a size that is odd, got ${size}`);
    return { dims: x.dims };
  },
  run({ inputs: [x], outputs: [y], attributes: { size } }) {
    const [batch, channels, height, width] = x.dims as [number, number, number, number];
    median(x.data as Float32Array, y.data as Float32Array, batch * channels, height, width, size);
  },
});

function median(x: Float32Array, y: Float32Array, planes: number, height: number, width: number, size: number): void {
  const window = new Float32Array(size * size);
  const reach = (size - 1) / 2;
  let at = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        let count = 0;
        for (let di = -reach; di <= reach; di++) {
          const row = (plane * height + inside(i + di, height)) * width;
          for (let dj = -reach; dj <= reach; dj++) window[count++] = x[row + inside(j + dj, width)] as number;
        }
        y[at++] = window.sort()[count >> 1] as number;
      }
    }
  }
}

const inside = (i: number, size: number): number => Math.min(Math.max(i, 0), size - 1);
