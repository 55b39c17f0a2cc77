// How often a value's elements fall where.

/** Bins on each side of 0. */
const SIDE = 4096;

/**
 * A histogram of numbers whose range is not known before. It spans ±2^n, and n grows: two bins become one. All of it is exact, so that
 * engines agree to the bit. Zeros, which ReLU makes in plenty, are counted apart.
 * @internal
 */
export class Histogram {
  /** The middle of it is 0. */
  readonly bins: Float64Array = new Float64Array(2 * SIDE);
  /** Up to where it reaches on both sides, a power of two. */
  reach = 2 ** -40;
  /** Elements so far, zeros included. */
  count = 0;
  zeros = 0;
  least = Number.POSITIVE_INFINITY;
  most = Number.NEGATIVE_INFINITY;

  /** The width of a bin. */
  get width(): number {
    return this.reach / SIDE;
  }

  /** @returns whether all of them are finite; if not, none is counted */
  add(data: ArrayLike<number>): boolean {
    let [least, most, wrong] = [this.least, this.most, 0];
    for (let i = 0; i < data.length; i++) {
      const x = data[i] as number;
      if (x < least) least = x;
      if (x > most) most = x;
      // It is NaN if x is not finite.
      wrong += x - x;
    }
    if (wrong !== 0) return false;
    this.least = least;
    this.most = most;
    while (Math.max(-least, most) >= this.reach && data.length > 0) this.#widen();
    const { bins } = this;
    const factor = SIDE / this.reach;
    let zeros = 0;
    for (let i = 0; i < data.length; i++) {
      const x = data[i] as number;
      if (x === 0) zeros++;
      // Truncation is faster than Math.floor; the sum is positive.
      else {
        const bin = (x * factor + SIDE) | 0;
        bins[bin] = (bins[bin] as number) + 1;
      }
    }
    this.zeros += zeros;
    this.count += data.length;
    return true;
  }

  #widen(): void {
    const { bins } = this;
    const old = bins.slice();
    bins.fill(0);
    for (let i = 0; i < old.length; i++) bins[(i + SIDE) >> 1] = (bins[(i + SIDE) >> 1] as number) + (old[i] as number);
    this.reach *= 2;
  }
}
