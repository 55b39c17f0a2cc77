// XXH32 with seed 0 (Yann Collet, "xxHash fast digest algorithm", version 0.1.1,
// github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md), computed of weights as they are loaded. The four sums of a stripe
// of 16 bytes are the lanes of a vector.
//
//   data   bytes, a multiple of 16, at least 16

const PRIME_1: u32 = 0x9e3779b1;
const PRIME_2: u32 = 0x85ebca77;
const PRIME_3: u32 = 0xc2b2ae3d;

export function xxh32(data: usize, bytes: usize): u32 {
  const prime1 = i32x4.splat(PRIME_1);
  const prime2 = i32x4.splat(PRIME_2);
  let sums = i32x4(PRIME_1 + PRIME_2, PRIME_2, 0, 0 - PRIME_1);
  const end = data + bytes;
  for (; data < end; data += 16) {
    const mixed = i32x4.add(sums, i32x4.mul(v128.load(data), prime2));
    sums = i32x4.mul(v128.or(i32x4.shl(mixed, 13), i32x4.shr_u(mixed, 19)), prime1);
  }
  let sum =
    rotl<u32>(i32x4.extract_lane(sums, 0), 1) +
    rotl<u32>(i32x4.extract_lane(sums, 1), 7) +
    rotl<u32>(i32x4.extract_lane(sums, 2), 12) +
    rotl<u32>(i32x4.extract_lane(sums, 3), 18) +
    <u32>bytes;
  sum = (sum ^ (sum >>> 15)) * PRIME_2;
  sum = (sum ^ (sum >>> 13)) * PRIME_3;
  return sum ^ (sum >>> 16);
}
