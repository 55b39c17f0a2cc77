import asc from 'assemblyscript/asc';

const STEPS = 4096;

/** The GEMM's inner loop, eight accumulators, with B in registers and four numbers of A that stay in the nearest cache. */
const source = (madd) => `
export function run(steps: i32): f32 {
  let x0 = f32x4.splat(0), x1 = x0, x2 = x0, x3 = x0, x4 = x0, x5 = x0, x6 = x0, x7 = x0;
  const b0 = v128.load(64), b1 = v128.load(80);
  for (let i = 0; i < steps; i++) {
    const a = <usize>((i & 63) << 4);
    let s = v128.load32_splat(a, 128);
    x0 = ${madd('s', 'b0', 'x0')};
    x1 = ${madd('s', 'b1', 'x1')};
    s = v128.load32_splat(a, 132);
    x2 = ${madd('s', 'b0', 'x2')};
    x3 = ${madd('s', 'b1', 'x3')};
    s = v128.load32_splat(a, 136);
    x4 = ${madd('s', 'b0', 'x4')};
    x5 = ${madd('s', 'b1', 'x5')};
    s = v128.load32_splat(a, 140);
    x6 = ${madd('s', 'b0', 'x6')};
    x7 = ${madd('s', 'b1', 'x7')};
  }
  const sum = f32x4.add(f32x4.add(f32x4.add(x0, x1), f32x4.add(x2, x3)), f32x4.add(f32x4.add(x4, x5), f32x4.add(x6, x7)));
  return f32x4.extract_lane(sum, 0);
}`;

const strict = (a, b, c) => `f32x4.add(${c}, f32x4.mul(${a}, ${b}))`;
const relaxed = (a, b, c) => `f32x4.relaxed_madd(${a}, ${b}, ${c})`;

/** The most GFLOP/s that multiply-adds of 128-bit vectors give in this engine, on one thread. */
export async function multiplyAddLimit(variant) {
  const { error, binary, stderr } = await asc.compileString(source(variant === 'strict' ? strict : relaxed), {
    optimizeLevel: 3,
    runtime: 'stub',
    noAssert: true,
    initialMemory: 1,
    enable: variant === 'strict' ? ['simd'] : ['simd', 'relaxed-simd'],
  });
  if (error) throw new Error(`${error.message}\n${stderr}`);
  const { instance } = await WebAssembly.instantiate(binary, { env: { abort() {} } });
  const { run } = instance.exports;
  let best = Number.POSITIVE_INFINITY;
  // The best of many: the first ones run before the engine has optimised.
  for (let i = 0; i < 200; i++) {
    const start = performance.now();
    for (let j = 0; j < 20; j++) run(STEPS);
    best = Math.min(best, (performance.now() - start) / 20);
  }
  // Eight vectors of four, two operations each.
  return (STEPS * 8 * 4 * 2) / (best * 1e6);
}
