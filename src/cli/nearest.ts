/** The fewest characters to put in, take out or change (Levenshtein 1966). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const [above, left, diagonal] = [row[j + 1], next[j], row[j]] as [number, number, number];
      next.push(Math.min(above + 1, left + 1, diagonal + (a[i] === b[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** The name that was meant, if one is near: up to a third of it other, or the rest of it left out. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  const ranked = names.map((name) => ({ name, far: distance(text.toLowerCase(), name.toLowerCase()) })).sort((a, b) => a.far - b.far);
  const [first] = ranked;
  if (first && first.far <= Math.max(1, Math.floor(first.name.length / 3))) return first.name;
  return text.length > 1 ? names.find((name) => name.startsWith(text)) : undefined;
}

/** The same as an end of a sentence: `; did you mean 'run'?`, or ''. */
export function didYouMean(text: string, names: readonly string[], written = (name: string) => `'${name}'`): string {
  const name = nearest(text, names);
  return name === undefined ? '' : `; did you mean ${written(name)}?`;
}
