import type { Row } from './row.ts';
import { numbers } from './rows/numbers.ts';
import { pixels } from './rows/pixels.ts';
import { special } from './rows/special.ts';
import { statistics } from './rows/statistics.ts';
import { windows } from './rows/windows.ts';

export { bytesOf, feedsOf } from './row.ts';

/** The entries of docs/differences.md that models show. */
export const rows: readonly Row[] = [...special, ...numbers, ...windows, ...statistics, ...pixels];

/** The row that files of pictures show. */
export const PICTURES = '16-bit, CMYK and see-through pictures';
