/** cos(π·t) for t from 0 to 1, by Taylor's polynomial, which every engine rounds alike. */
export function cosine(t: number): number {
  if (t > 0.5) return -cosine(1 - t);
  const x = Math.PI * t;
  let y = 1;
  for (let k = 22; k > 0; k -= 2) y = 1 - (y * x * x) / (k * (k - 1));
  return y;
}
