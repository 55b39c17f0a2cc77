import { Op, STATIC_BYTES, WidenArg } from '../../assembly/opcodes.ts';
import { writeProgram } from '../../src/plan/program.ts';
import { instantiate } from '../../src/runtime/wasm.ts';
import { eachVariant, moduleOf } from './run.ts';

/** What a float16 stands for: IEEE 754, 3.4. */
function naive(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * 2 ** -24 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

eachVariant((variant) => {
  /** Halves widened in place, with words around them that must not change. */
  function widened(halves: Uint16Array): Float32Array {
    const data = STATIC_BYTES + 64;
    const count = halves.length;
    const memory = new WebAssembly.Memory({ initial: 8 });
    const around = () => [new Uint32Array(memory.buffer, data - 32, 8), new Uint32Array(memory.buffer, data + 4 * count, 8)];
    for (const words of around()) words.fill(0xdeadbeef);
    new Uint16Array(memory.buffer, data + 2 * count, count).set(halves);
    const program = data + 4 * count + 64;
    const args = { [WidenArg.Data]: data, [WidenArg.Count]: count };
    const [start = 0, end = 0] = writeProgram(
      [{ op: Op.Widen, args, node: '', macs: 0 }],
      new DataView(memory.buffer, program),
      program,
      () => 0,
    );
    expect(instantiate(moduleOf(variant), memory).run(start, end)).toBe(end);
    for (const words of around()) expect(words.every((word) => word === 0xdeadbeef)).toBe(true);
    return new Float32Array(memory.buffer, data, count);
  }

  test('every float16 becomes the float32 of the same value, signs of zeros and NaNs too', () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const floats = widened(halves);
    expect(Array.from(floats)).toEqual(Array.from(halves, naive));
    const signs = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
    expect(signs.every((word, half) => word >>> 31 === half >>> 15)).toBe(true);
  });

  test.each([0, 8, 16, 24, 88])('%d of them', (count) => {
    const halves = Uint16Array.from({ length: count }, (_, i) => 0x3c00 + 97 * i);
    expect(Array.from(widened(halves))).toEqual(Array.from(halves, naive));
  });
});
