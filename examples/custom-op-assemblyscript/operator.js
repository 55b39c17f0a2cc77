import { defineOp } from 'lanewise';
import { median, medianAt, memory, release, reserve } from './build/median.js';

const definition = {
  name: 'MedianPool',
  domain: 'examples',
  attributes: { size: { type: 'int', default: 3 } },
  inferShape([x], { size }) {
    if (x.type !== 'float32' || x.dims.length !== 4) throw new Error(`takes float32 [N, C, H, W], got ${x.type} [${x.dims}]`);
    if (size < 1 || size % 2 === 0) throw new Error(`takes a size that is odd, got ${size}`);
    return { dims: x.dims };
  },
};

/** By the bindings that the compiler writes: they copy the typed arrays into the kernel's memory, and what it gives out of it. */
export const medianPool = defineOp({
  ...definition,
  run({ inputs: [x], outputs: [y], attributes: { size } }) {
    const [batch, channels, height, width] = x.dims;
    y.data.set(median(x.data, batch * channels, height, width, size));
  },
});

let at = 0;
let reserved = 0;

/** The same without the bindings' objects: two copies, and memory that is kept from call to call. */
export const fastMedianPool = defineOp({
  ...definition,
  run({ inputs: [x], outputs: [y], attributes: { size } }) {
    const [batch, channels, height, width] = x.dims;
    const { length, byteLength } = x.data;
    if (2 * byteLength > reserved) {
      if (at > 0) release(at);
      at = reserve(2 * byteLength);
      reserved = 2 * byteLength;
    }
    new Float32Array(memory.buffer, at, length).set(x.data);
    medianAt(at, at + byteLength, batch * channels, height, width, size);
    // A new view: the kernel's memory may have grown.
    y.data.set(new Float32Array(memory.buffer, at + byteLength, length));
  },
});
