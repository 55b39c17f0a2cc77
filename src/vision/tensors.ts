import { type OptionNames, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { inside } from '../graph/face.ts';
import { formatDims, Tensor } from '../graph/tensor.ts';
import { checkedOptions, newBytes, type Picture, type PictureLike } from './picture.ts';
import { checkPreprocessing, fitPicture, type Preprocessing, preprocessingNames } from './preprocess.ts';
import * as simd from './simd.ts';

/** The place of the channels: before rows and columns, as in PyTorch and ONNX, or after, as in TensorFlow and pictures. */
export type Layout = 'NCHW' | 'NHWC';

/**
 * Pictures as the input of a network: cropped, resized, each byte as `(byte / divisor - mean) / std`, in float64 and rounded
 * once. With one mean and std the picture becomes grey after the resize, as Pillow's `convert('L')` makes it (299, 587 and
 * 114 of 1000).
 *
 * @param pictures one, or a list that becomes a batch
 * @param preprocessing a preset, such as `imagenet`, or your own
 * @param options `layout`: default NCHW
 * @returns float32 [N, C, height, width] or [N, height, width, C], N = 1 for one picture, C = 3, or 1 if there is one mean
 * @throws LanewiseError INVALID_INPUT for no picture, a wrong picture or preprocessing, or pictures that end up in several
 *   sizes; TOO_LARGE if an intermediate picture cannot be allocated
 * @example
 * import { imagenet, toTensor } from 'lanewise/vision';
 *
 * const photo = { width: 320, height: 240, data: new Uint8Array(320 * 240 * 3) };
 * toTensor([photo, photo], imagenet).dims; // [2, 3, 224, 224]
 */
export function toTensor(
  pictures: PictureLike | readonly PictureLike[],
  preprocessing: Preprocessing,
  options: { readonly layout?: Layout } = {},
): Tensor<'float32'> {
  const nchw = isNchw(checkedOptions(options, 'toTensor', { layout: 1 }).layout);
  const tables = byteTables(checkPreprocessing(preprocessing));
  // Array.from visits missing elements too: they are no pictures.
  const fitted = Array.from(Array.isArray(pictures) ? pictures : [pictures], (picture: PictureLike) => fitPicture(picture, preprocessing));
  const first = fitted[0];
  if (!first) throw new LanewiseError('INVALID_INPUT', 'toTensor takes one picture or more, got an empty list');
  const { width, height } = first;
  const channels = tables.length / 256;
  const size = width * height * channels;
  const data = newFloats(fitted.length * size);
  fitted.forEach((picture, n) => {
    if (picture.width !== width || picture.height !== height) {
      throw new LanewiseError(
        'INVALID_INPUT',
        `the pictures of a batch end up in one size; picture 0 has ${width}×${height}, picture ${n} has ${picture.width}×${picture.height}`,
      );
    }
    const part = data.subarray(n * size, (n + 1) * size);
    if (channels === 1) greyValues(picture, tables, part);
    else if (!nchw) lookupPixels(picture, tables, part);
    else if (!simd.lookupPlanes(picture, tables, part)) lookupPlanes(picture, tables, part);
  });
  return new Tensor('float32', data, nchw ? [fitted.length, channels, height, width] : [fitted.length, height, width, channels]);
}

/** The options of `toPicture`. */
export interface ToPictureOptions extends Partial<Pick<Preprocessing, 'mean' | 'std' | 'divisor'>> {
  /** The place of the channels in the tensor. Default: NCHW. */
  readonly layout?: Layout;
  /** Which of a batch, or of the filters of a convolution. Default 0. */
  readonly index?: number;
  /** Show only this channel, as grey: a feature map. */
  readonly channel?: number;
  /** After the rest, map what is shown so that its least value becomes 0 and its largest 255. */
  readonly stretch?: boolean;
}

/** A whole preprocessing is accepted. */
const pictureNames: OptionNames<ToPictureOptions> = { ...preprocessingNames, layout: 1, index: 1, channel: 1, stretch: 1 };

/**
 * A tensor as a picture, the inverse of {@link toTensor}: each value as `(value * std + mean) * divisor`, rounded (a half to
 * the even byte), clamped to a byte; NaN is 0. Without means and stds the values 0 to 1 are black to white. For feature maps
 * and filters there are `channel` and `stretch`.
 *
 * @param tensor [N, C, H, W] or [N, H, W, C], one of them without N, or [H, W]; of any type
 * @param options a preprocessing, such as `imagenet`, or parts of one, and what to show
 * @returns RGB; one channel is shown grey
 * @throws LanewiseError INVALID_INPUT for other dimensions, an index out of range, wrong options; TOO_LARGE if it cannot be
 *   allocated
 * @example
 * import { resnet18 } from 'lanewise/zoo';
 * import { toPicture } from 'lanewise/vision';
 *
 * const [kernels] = resnet18().parameters(); // [64, 3, 7, 7]
 * if (kernels) toPicture(kernels.tensor, { index: 5, stretch: true }).width; // 7
 */
export function toPicture(tensor: Tensor, options: ToPictureOptions = {}): Picture {
  const { layout, index = 0, channel, stretch = false, divisor = 255, ...own } = checkedOptions(options, 'toPicture', pictureNames);
  const nchw = isNchw(layout);
  // Checked by its constructor.
  const { dims, data: elements } = inside(new Tensor(tensor?.type, tensor?.data, tensor?.dims));
  const wrong = (what: string) =>
    new LanewiseError('INVALID_INPUT', `a picture of a tensor of ${formatDims(dims)} (${layout ?? 'NCHW'}) ${what}`);
  if (dims.length < 2 || dims.length > 4 || dims.includes(0)) throw wrong('needs 2 to 4 dimensions, none of them 0');
  const plain = dims.length === 2 ? (nchw ? [1, ...dims] : [...dims, 1]) : dims.slice(-3);
  const [channels, height, width] = (nchw ? plain : [plain[2], plain[0], plain[1]]) as [number, number, number];
  const batch = dims.length === 4 ? (dims[0] as number) : 1;
  if (!isPlace(index, batch)) throw wrong(`has index 0 to ${batch - 1}, got ${shown(index)}`);
  if (channel !== undefined && !isPlace(channel, channels)) throw wrong(`has channel 0 to ${channels - 1}, got ${shown(channel)}`);
  if (channel === undefined && channels !== 1 && channels !== 3)
    throw wrong(`has ${channels} channels: choose one with the option channel`);
  const planes = channel !== undefined ? [channel] : channels === 3 ? [0, 1, 2] : [0];

  const mean = own.mean ?? Array(channels).fill(0);
  const std = own.std ?? Array(channels).fill(1);
  checkNormalization(mean, std, divisor, [channels]);
  const plane = width * height;
  const start = index * channels * plane;
  const values = newDoubles(planes.length * plane);
  planes.forEach((c, i) => {
    for (let p = 0; p < plane; p++) {
      const at = start + (nchw ? c * plane + p : p * channels + c);
      values[i * plane + p] = (Number(elements[at]) * (std[c] as number) + (mean[c] as number)) * divisor;
    }
  });
  if (stretch) stretchToBytes(values);

  const data = newBytes(width, height);
  for (let p = 0; p < plane; p++) {
    for (let c = 0; c < 3; c++) data[p * 3 + c] = roundToByte(values[(planes.length === 3 ? c * plane : 0) + p] as number);
  }
  return { width, height, channels: 3, data };
}

/** Half to even; NaN is 0. */
function roundToByte(value: number): number {
  if (!(value > 0)) return 0;
  if (value >= 255) return 255;
  const down = Math.floor(value);
  const rest = value - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

/** Infinities stay, at the ends. */
function stretchToBytes(values: Float64Array): void {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const range = high - low;
  values.forEach((value, i) => {
    values[i] = Number.isFinite(value) ? (range > 0 ? ((value - low) / range) * 255 : 0) : value;
  });
}

/** For each channel, the value of each byte: [channels, 256]. */
function byteTables({ mean, std, divisor = 255 }: Preprocessing): Float32Array {
  checkNormalization(mean, std, divisor, [3, 1]);
  const tables = new Float32Array(mean.length * 256);
  mean.forEach((m, c) => {
    for (let byte = 0; byte < 256; byte++) tables[c * 256 + byte] = (byte / divisor - m) / (std[c] as number);
  });
  return tables;
}

/** @throws LanewiseError INVALID_INPUT if the number of means or stds is not one of `counts`, or a number is invalid */
function checkNormalization(mean: readonly number[], std: readonly number[], divisor: number, counts: readonly number[]): void {
  const isList = (values: unknown): values is number[] => Array.isArray(values) && Array.from(values).every(Number.isFinite);
  const right = isList(mean) && isList(std) && mean.length === std.length && counts.includes(mean.length);
  if (!right || std.includes(0) || !Number.isFinite(divisor) || divisor === 0) {
    throw new LanewiseError(
      'INVALID_INPUT',
      `preprocessing has ${counts.join(' or ')} means, as many stds and a divisor, none but the means 0; got mean ${shown(mean)}, std ${shown(std)}, divisor ${shown(divisor)}`,
    );
  }
}

/** As in simd.ts. */
function lookupPlanes({ width, height, channels, data: bytes }: Picture, tables: Float32Array, data: Float32Array): void {
  const plane = width * height;
  for (let c = 0; c < 3; c++) {
    const table = tables.subarray(c * 256, c * 256 + 256);
    for (let i = 0, from = c; i < plane; i++, from += channels) data[c * plane + i] = table[bytes[from] as number] as number;
  }
}

function lookupPixels({ width, height, channels, data: bytes }: Picture, tables: Float32Array, data: Float32Array): void {
  const plane = width * height;
  for (let i = 0, from = 0, to = 0; i < plane; i++, from += channels) {
    for (let c = 0; c < 3; c++) data[to++] = tables[c * 256 + (bytes[from + c] as number)] as number;
  }
}

/** ITU-R 601's luma with 16 bits of fraction, as in Pillow. */
function greyValues({ width, height, channels, data: bytes }: Picture, table: Float32Array, data: Float32Array): void {
  for (let i = 0, from = 0; i < width * height; i++, from += channels) {
    const luma = (bytes[from] as number) * 19595 + (bytes[from + 1] as number) * 38470 + (bytes[from + 2] as number) * 7471 + 0x8000;
    data[i] = table[luma >> 16] as number;
  }
}

function isNchw(layout: Layout = 'NCHW'): boolean {
  if (layout !== 'NCHW' && layout !== 'NHWC') throw new LanewiseError('INVALID_INPUT', `a layout is NCHW or NHWC, got ${shown(layout)}`);
  return layout === 'NCHW';
}

const isPlace = (value: number, count: number): boolean => Number.isSafeInteger(value) && value >= 0 && value < count;

const newFloats = (length: number): Float32Array => allocate(() => new Float32Array(length), length);
const newDoubles = (length: number): Float64Array => allocate(() => new Float64Array(length), length);

function allocate<T>(make: () => T, length: number): T {
  try {
    return make();
  } catch (cause) {
    throw new LanewiseError('TOO_LARGE', `${length} values of pictures do not fit in memory`, { cause });
  }
}
