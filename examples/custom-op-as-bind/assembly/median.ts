// @ts-nocheck: AssemblyScript, which only looks like TypeScript

/** The median of each size × size window of pictures [planes, height, width]; beyond its border a picture goes on as it ends. */
export function median(x: Float32Array, planes: i32, height: i32, width: i32, size: i32): Float32Array {
  const y = new Float32Array(x.length);
  const window = new Float32Array(size * size);
  const reach = size >> 1;
  let at = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        let count = 0;
        for (let di = -reach; di <= reach; di++) {
          const row = (plane * height + inside(i + di, height)) * width;
          for (let dj = -reach; dj <= reach; dj++) window[count++] = x[row + inside(j + dj, width)];
        }
        window.sort();
        y[at++] = window[count >> 1];
      }
    }
  }
  return y;
}

function inside(i: i32, size: i32): i32 {
  return min(max(i, 0), size - 1);
}
