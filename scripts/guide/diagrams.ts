// The guide's drawings in squares.

import { BLUE, INK, label, line, ORANGE, PALE, rect, svg } from './svg.ts';

const grey = (value: number): string => `rgb(${[value, value, value].join(',')})`;

/** Bytes as squares of their grey, with the number in each. */
export function numberGrid(rows: readonly (readonly number[])[], title: string): string {
  const cell = 38;
  const columns = rows[0]?.length ?? 0;
  const parts = rows.flatMap((row, y) =>
    row.flatMap((value, x) => [
      rect(8 + x * cell, 8 + y * cell, cell, cell, `fill="${grey(value)}"`),
      label(8 + (x + 0.5) * cell, 8 + (y + 0.5) * cell + 4.5, String(value), { anchor: 'middle', fill: value < 128 ? '#fff' : '#000' }),
    ]),
  );
  return svg(columns * cell + 16, rows.length * cell + 16, title, parts);
}

/**
 * One way of padding: a picture of `input` positions along each side, zeros around it, a window at its first place, the
 * output.
 */
export interface PaddedWindow {
  readonly name: string;
  readonly input: number;
  readonly kernel: number;
  readonly padding: number;
  readonly output: number;
}

/** Ways of padding side by side. */
export function paddingDiagram(ways: readonly PaddedWindow[]): string {
  const cell = 16;
  const gap = 36;
  const top = 40;
  const parts: string[] = [];
  let left = 16;
  let bottom = 0;
  for (const { name, input, kernel, padding, output } of ways) {
    const side = input + 2 * padding;
    parts.push(label(left, 26, name, { bold: true }));
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const inside = [x, y].every((at) => at >= padding && at < padding + input);
        parts.push(rect(left + x * cell, top + y * cell, cell, cell, `fill="${inside ? '#c9dbf0' : '#fff'}" stroke="${PALE}"`));
        if (!inside)
          parts.push(label(left + (x + 0.5) * cell, top + (y + 0.5) * cell + 3.5, '0', { anchor: 'middle', fill: PALE, size: 9 }));
      }
    }
    parts.push(rect(left, top, kernel * cell, kernel * cell, `fill="none" stroke="${ORANGE}" stroke-width="3"`));
    const arrow = left + side * cell + 10;
    const middle = top + (side * cell) / 2;
    parts.push(label(arrow, middle + 6, '→', { size: 20 }));
    const right = arrow + 30;
    const start = middle - (output * cell) / 2;
    for (let y = 0; y < output; y++) {
      for (let x = 0; x < output; x++) {
        const fill = x === 0 && y === 0 ? ORANGE : '#f3dcc6';
        parts.push(rect(right + x * cell, start + y * cell, cell, cell, `fill="${fill}" stroke="${PALE}"`));
      }
    }
    bottom = Math.max(bottom, top + side * cell, start + output * cell);
    left = right + output * cell + gap;
  }
  return svg(left - gap + 16, bottom + 16, ways.map(({ name }) => name).join(', '), parts);
}

/**
 * How a receptive field grows: a row of positions for the picture and one for each layer, and what the middle of the last
 * one sees of each.
 * @param fields how many positions of each row are seen, the picture's first, the last layer's (1) last
 */
export function fieldDiagram(fields: readonly number[], title: string): string {
  const cell = 30;
  const columns = (fields[0] ?? 1) + 2;
  const pitch = 58;
  const width = columns * cell + 190;
  const parts: string[] = [];
  const top = (row: number) => 20 + (fields.length - 1 - row) * pitch;
  const from = (row: number) => 16 + ((columns - (fields[row] ?? 1)) / 2) * cell;
  fields.forEach((seen, row) => {
    if (row > 0) {
      const [y, below] = [top(row) + cell, top(row - 1)];
      const [a, b] = [from(row), from(row) + seen * cell];
      const [c, d] = [from(row - 1), from(row - 1) + (fields[row - 1] ?? 1) * cell];
      parts.push(line(a, y, c, below, `stroke="${ORANGE}"`), line(b, y, d, below, `stroke="${ORANGE}"`));
    }
    const first = (columns - seen) / 2;
    for (let x = 0; x < columns; x++) {
      const inside = x >= first && x < first + seen;
      const fill = inside ? (row === 0 ? BLUE : ORANGE) : '#fff';
      parts.push(rect(16 + x * cell, top(row), cell, cell, `fill="${fill}" fill-opacity="${inside ? 0.75 : 1}" stroke="${PALE}"`));
    }
    const name = row === 0 ? 'picture' : `layer ${row}`;
    parts.push(label(16 + columns * cell + 14, top(row) + 20, `${name}: ${seen} ${seen === 1 ? 'position' : 'positions'}`, { fill: INK }));
  });
  return svg(width, top(0) + cell + 20, title, parts);
}
