import { STATIC_BYTES } from '../../assembly/opcodes.ts';
import { xxh32 } from '../../src/compiled/checksum.ts';
import { instantiate } from '../../src/runtime/wasm.ts';
import { eachVariant, moduleOf } from '../kernels/run.ts';

const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + 11) & 255);

/** Values of another implementation of XXH32. */
const known = [
  [16, 0x96ac9fa6],
  [32, 0xda8072dc],
  [64, 0x043913c6],
] as const;

test.each(known)('%d bytes', (length, expected) => {
  expect(xxh32(bytes.subarray(0, length))).toBe(expected);
});

eachVariant((variant) => {
  test('the kernel gives the same', () => {
    const memory = new WebAssembly.Memory({ initial: 2 });
    const kernels = instantiate(moduleOf(variant), memory);
    new Uint8Array(memory.buffer, STATIC_BYTES).set(bytes);
    for (const [length, expected] of known) expect(kernels.xxh32(STATIC_BYTES, length) >>> 0).toBe(expected);
    const many = new Uint8Array(memory.buffer, STATIC_BYTES, 65536).fill(200, 100).subarray(16);
    expect(kernels.xxh32(many.byteOffset, many.length) >>> 0).toBe(xxh32(many));
  });
});
