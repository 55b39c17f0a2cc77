// Philox4x32-10, a random number generator that is a function of a counter and a key (Salmon, Moraes, Dror and Shaw 2011,
// "Parallel random numbers: as easy as 1, 2, 3", section 4), for four counters at once.
//
//   output  64 bytes: the first words of the four counters, then their second words, and so on

/**
 * Sixteen random numbers of 32 bits.
 * @param c0 the first words of the counters; the other words are the same for all
 * @param k0 the first word of the key
 */
export function philox(output: usize, c0: v128, c1: i32, c2: i32, c3: i32, k0: i32, k1: i32): void {
  const first = i32x4.splat(<i32>0xd2511f53);
  const second = i32x4.splat(<i32>0xcd9e8d57);
  let a = c0;
  let b = i32x4.splat(c1);
  let c = i32x4.splat(c2);
  let d = i32x4.splat(c3);
  let key0 = k0;
  let key1 = k1;
  for (let round = 0; round < 10; round++) {
    // Products of 64 bits: lanes 0 and 1, lanes 2 and 3. Their halves are sorted by the shuffles.
    const aLow = i64x2.extmul_low_i32x4_u(a, first);
    const aHigh = i64x2.extmul_high_i32x4_u(a, first);
    const cLow = i64x2.extmul_low_i32x4_u(c, second);
    const cHigh = i64x2.extmul_high_i32x4_u(c, second);
    a = v128.xor(v128.xor(v128.shuffle<i32>(cLow, cHigh, 1, 3, 5, 7), b), i32x4.splat(key0));
    b = v128.shuffle<i32>(cLow, cHigh, 0, 2, 4, 6);
    c = v128.xor(v128.xor(v128.shuffle<i32>(aLow, aHigh, 1, 3, 5, 7), d), i32x4.splat(key1));
    d = v128.shuffle<i32>(aLow, aHigh, 0, 2, 4, 6);
    key0 += <i32>0x9e3779b9;
    key1 += <i32>0xbb67ae85;
  }
  v128.store(output, a);
  v128.store(output, b, 16);
  v128.store(output, c, 32);
  v128.store(output, d, 48);
}
