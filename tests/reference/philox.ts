const WORD = 2n ** 32n;

/**
 * Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), in whole numbers: four random words of a
 * counter of four words and a key of two.
 */
export function philox(counter: readonly number[], key: readonly number[]): number[] {
  let [a, b, c, d] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k, l] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const [x, y] = [0xd2511f53n * a, 0xcd9e8d57n * c];
    [a, b, c, d] = [(y / WORD) ^ b ^ k, y % WORD, (x / WORD) ^ d ^ l, x % WORD];
    k = (k + 0x9e3779b9n) % WORD;
    l = (l + 0xbb67ae85n) % WORD;
  }
  return [a, b, c, d].map(Number);
}
