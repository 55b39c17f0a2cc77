import { extname } from 'node:path';
import { LanewiseError } from '../errors.ts';
import { writeNpy } from '../formats/npy.ts';
import { inside } from '../graph/face.ts';
import { formatDims, type Tensor } from '../graph/tensor.ts';
import { writeFile } from '../source.ts';
import { loadSharp } from '../vision/sharp.ts';
import { listed, nameIn, splitName } from './inputs.ts';
import { nameOf } from './places.ts';
import { UsageError } from './usage.ts';

/** The formats of pictures that are written, by extension. */
const formats = new Map([
  ['.png', 'png'],
  ['.jpg', 'jpeg'],
  ['.jpeg', 'jpeg'],
  ['.webp', 'webp'],
] as const);

type Extension = typeof formats extends ReadonlyMap<infer K, unknown> ? K : never;

/** What became of an output. */
export interface Saved {
  readonly output: string;
  readonly file: string;
  /** In words: type and shape, or size and range. */
  readonly as: string;
}

/** Which values are black and white. */
export type Range = readonly [low: number, high: number];

/** @throws UsageError unless it is two numbers, the second one larger */
export function rangeOf(text: string): Range {
  const [low, high, ...rest] = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (low === undefined || high === undefined || rest.length > 0 || !Number.isFinite(low) || !Number.isFinite(high) || low >= high)
    throw new UsageError(`--range takes LOW,HIGH such as -1,1, got '${text}'`);
  return [low, high];
}

const extensionOf = (file: string): string => extname(file).toLowerCase();
const isPicture = (file: string): boolean => formats.has(extensionOf(file) as Extension);

/** Checks what can be known before the model runs. @throws UsageError */
export function checkSaves(words: readonly string[], places: readonly string[]): void {
  for (const word of words) {
    if (extensionOf(word) !== '.npy' && !isPicture(word))
      throw new UsageError(`--save writes .npy, and pictures as ${[...formats.keys()].join(', ')}; got '${word}'`);
    const files = places.map((place) => fileFor(word, place));
    const twice = files.find((file, i) => files.indexOf(file) < i);
    if (twice !== undefined) {
      throw new UsageError(
        `--save ${word}: several inputs would be written to '${twice}'${word.includes('{}') ? '' : "; {} stands for the input's name, such as '{}.npy'"}`,
      );
    }
  }
}

/** The file with the input's name, without its extension, in place of {}. */
const fileFor = (word: string, place: string): string => word.replaceAll('{}', () => nameOf(place).replace(/(?<=.)\.[^.]*$/, ''));

/**
 * Writes outputs to files.
 * @param words of --save: FILE for the only output, or NAME=FILE
 * @param place the input that the outputs are of
 * @throws UsageError for a name that no output has; LanewiseError INVALID_INPUT for an output that is no picture,
 *   FILE_NOT_FOUND if a file cannot be written, MISSING_DEPENDENCY without sharp
 */
export async function save(
  words: readonly string[],
  outputs: Readonly<Record<string, Tensor>>,
  place: string,
  range: Range | undefined,
): Promise<Saved[]> {
  const saved: Saved[] = [];
  for (const word of words) {
    const [output, file] = outputFor(word, Object.keys(outputs));
    const tensor = outputs[output];
    const to = fileFor(file, place);
    if (!tensor?.dims) throw new LanewiseError('INVALID_INPUT', `output '${output}' is a list of tensors, which no file holds`);
    if (isPicture(to)) saved.push({ output, file: to, as: await writePicture(to, output, tensor, range) });
    else {
      await writeFile(to, writeNpy(tensor));
      saved.push({ output, file: to, as: `${tensor.type} ${formatDims(tensor.dims)}` });
    }
  }
  return saved;
}

function outputFor(word: string, names: readonly string[]): readonly [name: string, file: string] {
  const split = splitName(word, names);
  if (split) return split;
  const has = `it has ${listed(names)}`;
  const wrong = nameIn(word);
  if (wrong !== undefined) throw new UsageError(`--save ${word}: the model has no output '${wrong}'; ${has}`);
  const [only, ...others] = names;
  if (only === undefined || others.length > 0) throw new UsageError(`--save ${word}: which output? ${has}: --save ${only}=${word}`);
  return [only, word];
}

/** Rows of pixels, the channels of a pixel side by side. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly layout: string;
  /** The values, in this order. */
  readonly values: ArrayLike<number | bigint>;
}

/** @throws LanewiseError INVALID_INPUT for shapes that are no picture's */
function pixelsOf(name: string, { dims, data }: Tensor): Pixels {
  const isCount = (count: number | undefined): count is 1 | 3 | 4 => count === 1 || count === 3 || count === 4;
  const plain = dims.length === 4 && dims[0] === 1 ? dims.slice(1) : dims.length === 2 ? [1, ...dims] : dims;
  const [a, b, c] = plain as [number, number, number];
  const is3 = plain.length === 3 && !plain.includes(0);
  if (is3 && isCount(a)) {
    const area = b * c;
    const values = data.map((_: unknown, i: number) => data[(i % a) * area + Math.floor(i / a)] as never) as ArrayLike<number | bigint>;
    return { width: c, height: b, channels: a, layout: 'CHW', values };
  }
  if (is3 && isCount(c)) return { width: b, height: a, channels: c, layout: 'HWC', values: data };
  throw new LanewiseError(
    'INVALID_INPUT',
    `output '${name}' of ${formatDims(dims)} is no picture, which has 1, 3 or 4 channels: [1, C, H, W], [C, H, W], [H, W] or channels last; save it as .npy`,
  );
}

/** How far values may lie outside of the range that they are taken to have, as networks overshoot: a quarter of it. */
const OVERSHOOT = 0.25;

/** The range that the values have: 0 to 1 or 0 to 255. @throws LanewiseError INVALID_INPUT if it is neither */
function findRange(name: string, least: number, most: number, isWhole: boolean): Range {
  const fits = (high: number) => least >= -OVERSHOOT * Math.min(high, Math.max(most, 0)) && most <= high * (1 + OVERSHOOT);
  // Values up to 2 are hardly a picture of 0 to 255.
  if (!isWhole && most <= 1 + OVERSHOOT && least >= -OVERSHOOT) return [0, 1];
  if (isWhole ? least >= 0 && most <= 255 : most > 2 && fits(255)) return [0, 255];
  const [low, high] = [least, most].map((value) => Number(value.toPrecision(3)));
  throw new LanewiseError(
    'INVALID_INPUT',
    `output '${name}' has values from ${low} to ${high}, neither 0 to 1 nor 0 to 255: say which are black and white with --range=${low},${high}`,
  );
}

async function writePicture(file: string, name: string, given: Tensor, asked: Range | undefined): Promise<string> {
  const tensor = inside(given);
  const { width, height, channels, layout, values } = pixelsOf(name, tensor);
  const format = formats.get(extensionOf(file) as Extension) as 'png' | 'jpeg' | 'webp';
  if (format === 'jpeg' && channels === 4)
    throw new LanewiseError('INVALID_INPUT', `output '${name}' has 4 channels, and JPEG holds no alpha: write .png or .webp`);
  const numbers = Float64Array.from(values as ArrayLike<number>, Number);
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of numbers) {
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (least > most) throw new LanewiseError('INVALID_INPUT', `output '${name}' has no finite value, so it is no picture`);
  const isWhole = /int/.test(tensor.type);
  const [low, high] = asked ?? (tensor.type === 'bool' ? [0, 1] : findRange(name, least, most, isWhole));
  // Rounds a half to the even byte; NaN is 0.
  const bytes = Uint8ClampedArray.from(numbers, (value) => ((value - low) / (high - low)) * 255);
  const sharp = await loadSharp('pictures are written by the optional package sharp: npm install sharp; .npy files need nothing');
  const image = sharp(new Uint8Array(bytes.buffer), { raw: { width, height, channels } });
  // Else sharp writes grey as three channels alike.
  await writeFile(
    file,
    await image
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .toFormat(format)
      .toBuffer(),
  );
  const shown = (value: number) => Number(value.toPrecision(3));
  const colours = { 1: 'grey', 3: 'RGB', 4: 'RGBA' }[channels];
  return `${width}×${height} ${colours} (${layout}), values ${shown(least)} to ${shown(most)}, of which ${shown(low)} is black and ${shown(high)} white`;
}
