// Which engines run quantised networks by relaxed dots of integers. docs/quantization.md has what was measured.

/**
 * run(a, b, x): i32x4.relaxed_dot_i8x16_i7x16_add_s of the byte a and the byte b, all lanes alike, or 0 where x - x of an
 * infinity is a positive NaN: x86 makes negative ones, ARM positive ones.
 */
const PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 127, 127, 125, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 114, 117, 110, 0, 0, 10, 32, 1, 30, 0, 32, 0,
  253, 15, 32, 1, 253, 15, 65, 0, 253, 17, 253, 147, 2, 253, 27, 0, 32, 2, 32, 2, 147, 188, 65, 31, 117, 113, 11,
];

/** The oldest V8 whose compilers all dot bytes exactly where the processor can: that of Node 24 and Chromium 130. */
const V8 = 13;

/** What tells an engine. */
interface Engine {
  readonly process?: { readonly arch?: string; readonly versions?: { readonly v8?: string; readonly bun?: string } };
  readonly navigator?: { readonly userAgent?: string };
}

/**
 * The version of V8, of a program's or a page's engine; 0 for others.
 * @internal
 */
export function v8Of({ process, navigator }: Engine): number {
  const { v8, bun } = process?.versions ?? {};
  // Bun names a V8 that it does not have.
  if (bun) return 0;
  return Number.parseFloat(v8 ?? '') || Number(/Chrome\/(\d+)/.exec(navigator?.userAgent ?? '')?.[1] ?? 0) / 10;
}

let exact: boolean | undefined;

/**
 * Whether the engine has relaxed dots of integers that are exact for all bytes and faster than strict ones: V8 from 13 on, on
 * x86 processors whose dots do not saturate (VNNI). Nothing else was measured.
 * @internal
 */
export function hasExactDots(engine: Engine = globalThis as Engine): boolean {
  exact ??= probe();
  const { arch = 'x64' } = engine.process ?? {};
  return v8Of(engine) >= V8 && arch === 'x64' && exact;
}

function probe(): boolean {
  try {
    const { run } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(PROBE))).exports as {
      run(a: number, b: number, x: number): number;
    };
    const is = (a: number, b: number) => run(a, b, Number.POSITIVE_INFINITY) === 4 * a * b;
    return is(127, 255) && is(-128, 255) && is(-127, 128);
  } catch {
    // No relaxed SIMD, or a place that compiles nothing.
    return false;
  }
}
