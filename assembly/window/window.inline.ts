// Which taps of a sliding window lie inside the picture. `start` is the position of the first tap (output position * stride
// - padding, may be negative); taps are `dilation` apart.

/** The first tap at or after position 0. */
// @ts-expect-error: decorator
@inline
export function firstTap(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
}

/** One past the last tap before position `size`. Never below `first`. */
// @ts-expect-error: decorator
@inline
export function endTap(start: i32, dilation: i32, kernel: i32, size: i32, first: i32): i32 {
  return max(first, start >= size ? 0 : min(kernel, (size - start + dilation - 1) / dilation));
}
