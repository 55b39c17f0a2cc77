/** The element at an index that must exist. @throws Error if it does not: a bug in this library */
export function at<T>(list: ArrayLike<T>, index: number): T {
  const element = list[index];
  if (element === undefined) throw new Error(`no element ${index} of ${list.length}`);
  return element;
}
