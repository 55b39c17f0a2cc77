// Numbers and tables as the guide prints them.

/** 60,965,224 */
export const count = (value: number): string => value.toLocaleString('en');

/** Millions with one decimal: 61.0 */
export const mega = (value: number): string => count(Number((value / 1e6).toFixed(1))).replace(/^[^.]+$/, '$&.0');

/** Binary megabytes with one decimal. */
export const mebi = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

export const fixed = (value: number, digits: number): string => value.toFixed(digits);

/** 96% */
export const share = (part: number, whole: number): string => `${Math.round((100 * part) / whole)}%`;

/** 28×28×4 */
export const times = (...sizes: readonly (number | string)[]): string => sizes.join('×');

/** [N, C, H, W] or [C, H, W], channels last: 28×28×4 */
export const hwc = (dims: readonly (number | string)[]): string => times(...dims.slice(-2), ...dims.slice(-3, -2));

/** The weights of a convolution, [out, in, height, width], as a product: 5·5·3·4 */
export const factors = ([out, into, ...sizes]: readonly number[]): string => [...sizes, into, out].join('·');

const words = 'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen'.split(' ');

/** Small numbers as words. @param capital at the beginning of a sentence */
export function word(value: number, capital = false): string {
  const name = words[value] ?? String(value);
  return capital ? name.slice(0, 1).toUpperCase() + name.slice(1) : name;
}

/** A Markdown table. A `:` at the end of a title sets its column flush right. */
export function table(titles: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const right = titles.map((title) => title.endsWith(':'));
  const cells = [titles.map((title) => title.replace(/:$/, '')), ...rows.map((row) => row.map(String))];
  const widths = titles.map((_, i) => Math.max(3, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, i) => (right[i] ? (row[i] ?? '').padStart(width) : (row[i] ?? '').padEnd(width))).join(' | ')} |`;
  const rule = widths.map((width, i) => (right[i] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  const [header = [], ...body] = cells;
  return [line(header), line(rule), ...body.map(line)].join('\n');
}
