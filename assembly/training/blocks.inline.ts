// Which output positions of a window have a tap inside the picture, along one axis. `offset` is the tap's distance from the
// window's start less the padding: the input position of output 0.

/** The first output position from `from` on whose tap is at or after position 0. */
// @ts-expect-error: decorator
@inline
export function firstOutput(offset: i32, stride: i32, from: i32): i32 {
  return offset >= 0 ? from : max(from, (stride - 1 - offset) / stride);
}

/** One past the last output position, at most `end`, whose tap is before position `size`. */
// @ts-expect-error: decorator
@inline
export function endOutput(offset: i32, stride: i32, size: i32, end: i32): i32 {
  return offset >= size ? 0 : min(end, (size - 1 - offset) / stride + 1);
}
