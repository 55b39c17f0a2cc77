/** The number below which a share of them lies, between neighbours in proportion. */
function quantile(sorted, share) {
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/** Least, quartiles and median. */
export function summarize(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  if (sorted.length === 0) throw new Error('no measurements');
  return { runs: sorted.length, min: sorted[0], q1: quantile(sorted, 0.25), median: quantile(sorted, 0.5), q3: quantile(sorted, 0.75) };
}

/** The largest difference, relative to the largest number expected. */
export function relativeError(actual, expected) {
  if (actual.length !== expected.length) throw new Error(`${actual.length} outputs where ${expected.length} were expected`);
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    // The maximum of NaN and a number is NaN, which no tolerance lets pass.
    difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
  }
  if (!(largest > 0)) throw new Error('the outputs are all zero, so they show nothing');
  return difference / largest;
}

/** Throws unless outputs agree. */
export function checkEqual(what, actual, expected, tolerance) {
  const error = relativeError(actual, expected);
  if (!(error <= tolerance)) throw new Error(`${what}: outputs differ by ${error.toExponential(1)} of the largest, more than ${tolerance}`);
  return error;
}

/** Numbers from -1 to 1, the same at every run (a linear congruential generator; Numerical Recipes' constants). */
export function noise(length) {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
