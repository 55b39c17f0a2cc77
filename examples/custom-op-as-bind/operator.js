import { readFileSync } from 'node:fs';
// The package's main file is the transform for the compiler; this is the part for JavaScript.
import asBind from 'as-bind/dist/as-bind.cjs.js';
import { defineOp } from 'lanewise';

const kernel = asBind.instantiateSync(readFileSync(new URL('./build/median.wasm', import.meta.url)));

/** as-bind copies the typed array into the kernel's memory, and what it gives out of it. */
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
    const [batch, channels, height, width] = x.dims;
    y.data.set(kernel.exports.median(x.data, batch * channels, height, width, size));
  },
});
