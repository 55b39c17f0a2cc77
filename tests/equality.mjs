// Arrays that are the same element by element are equal, as `toEqual` means it; jest looks that up by key, which takes a thousand times longer.
// Of others it says itself how they differ.

const isArray = (value) => ArrayBuffer.isView(value) && typeof value.length === 'number';

expect.addEqualityTesters([
  (a, b) => {
    if (!isArray(a) || !isArray(b) || a.constructor !== b.constructor || a.length !== b.length) return undefined;
    const { is } = Object;
    for (let i = 0; i < a.length; i++) if (!is(a[i], b[i])) return undefined;
    return true;
  },
]);
