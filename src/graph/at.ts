/** An element that is there. @throws Error if it is not: a mistake of this library's */
export function at<T>(list: ArrayLike<T>, index: number): T {
  const element = list[index];
  if (element === undefined) throw new Error(`no element ${index} of ${list.length}`);
  return element;
}
