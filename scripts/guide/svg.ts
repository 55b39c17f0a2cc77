// SVGs as plain text, on a light ground of their own so that they can be read on dark pages too.

export const INK = '#1f2328';
export const PALE = '#8c959f';
export const BLUE = '#2f6fbf';
export const ORANGE = '#d4701e';
const GROUND = '#fbfaf7';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Coordinates with at most two decimals. */
export const short = (value: number): string => String(Math.round(value * 100) / 100);

export const rect = (x: number, y: number, width: number, height: number, attributes: string): string =>
  `<rect x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}" ${attributes}/>`;

export const line = (x1: number, y1: number, x2: number, y2: number, attributes: string): string =>
  `<line x1="${short(x1)}" y1="${short(y1)}" x2="${short(x2)}" y2="${short(y2)}" ${attributes}/>`;

export interface TextOptions {
  readonly size?: number;
  readonly fill?: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly bold?: boolean;
}

export const label = (x: number, y: number, text: string, { size = 12, fill = INK, anchor = 'start', bold }: TextOptions = {}): string =>
  `<text x="${short(x)}" y="${short(y)}" font-size="${size}" fill="${fill}" text-anchor="${anchor}"${bold ? ' font-weight="bold"' : ''}>${escaped(text)}</text>`;

/** @param title what the picture shows, for screen readers */
export const svg = (width: number, height: number, title: string, parts: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="Verdana, 'DejaVu Sans', sans-serif">`,
    `<title>${escaped(title)}</title>`,
    rect(0, 0, width, height, `rx="6" fill="${GROUND}"`),
    ...parts,
    '</svg>\n',
  ].join('\n');
