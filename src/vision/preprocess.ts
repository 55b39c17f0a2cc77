import { LanewiseError } from '../errors.ts';
import { Tensor } from '../graph/tensor.ts';
import { checkPicture, checkSize, cropPicture, type Picture, type PictureLike } from './picture.ts';
import { resizeBilinear } from './resize.ts';

/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How a picture becomes the input of a network. The steps that are there run in the order of the fields. */
export interface Preprocessing {
  /** Cut out the largest square in the middle first; an odd pixel left over goes to the right or the bottom. */
  readonly crop?: 'center_square';
  /** Resize (bilinear, antialias): to a size, whatever the shape, or until the shorter side is `shortestEdge`, the longer rounded down. */
  readonly resize?: Size | { readonly shortestEdge: number };
  /**
   * Cut out the middle, black around it where the picture is smaller. Where the middle lies on half a pixel, `rounding` 'down' (where left
   * out) takes the pixel before, as Hugging Face does, 'even' the even one, as torchvision does.
   */
  readonly centerCrop?: Size & { readonly rounding?: 'down' | 'even' };
  /** What bytes are divided by; 255 where left out. */
  readonly divisor?: number;
  /** Then subtracted: red, green, blue. */
  readonly mean: readonly number[];
  /** Then divided by: red, green, blue. */
  readonly std: readonly number[];
  /** The names of the classes that the network tells apart, by index. */
  readonly labels?: readonly string[];
}

/** The default model's: the centre square as 32×32. */
export const cifar10: Preprocessing = {
  crop: 'center_square',
  resize: { width: 32, height: 32 },
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
  labels: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
};

/** torchvision's for most of its ImageNet networks: the shorter side to 256, then the middle 224×224. */
export const imagenet: Preprocessing = {
  resize: { shortestEdge: 256 },
  centerCrop: { width: 224, height: 224, rounding: 'even' },
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/**
 * The bytes that a network sees: a picture after the crops and the resize.
 * @returns an RGB copy
 * @throws LanewiseError INVALID_INPUT for a wrong picture or size; TOO_LARGE where a picture on the way cannot be allocated
 */
export function fitPicture(picture: PictureLike, { crop, resize, centerCrop }: Preprocessing): Picture {
  let fitted: PictureLike = checkPicture(picture);
  if (crop === 'center_square') {
    const side = Math.min(fitted.width, fitted.height);
    fitted = cropCenter(fitted, { width: side, height: side });
  } else if (crop !== undefined) {
    throw new LanewiseError('INVALID_INPUT', `crop is 'center_square' or left out, got '${crop}'`);
  }
  if (resize) {
    const { width, height } = 'shortestEdge' in resize ? shortestEdgeSize(fitted, resize.shortestEdge) : resize;
    fitted = resizeBilinear(fitted, width, height);
  }
  return cropCenter(fitted, centerCrop ?? fitted);
}

/**
 * Pictures as the input of a network: cropped, resized, each byte as `(byte / divisor - mean) / std`, in float64 and rounded once.
 * @returns float32 [N, 3, height, width], N = 1 for one picture
 * @throws LanewiseError INVALID_INPUT for no picture, a wrong picture or preprocessing, or pictures that end up in several sizes;
 * TOO_LARGE where a picture on the way cannot be allocated
 */
export function toTensor(pictures: PictureLike | readonly PictureLike[], preprocessing: Preprocessing): Tensor<'float32'> {
  const fitted = (Array.isArray(pictures) ? pictures : [pictures]).map((picture: PictureLike) => fitPicture(picture, preprocessing));
  const first = fitted[0];
  if (!first) throw new LanewiseError('INVALID_INPUT', 'toTensor takes one picture or more, got an empty list');
  const { width, height } = first;
  const tables = byteTables(preprocessing);
  const plane = width * height;
  const data = new Float32Array(fitted.length * 3 * plane);
  fitted.forEach((picture, n) => {
    if (picture.width !== width || picture.height !== height) {
      throw new LanewiseError(
        'INVALID_INPUT',
        `the pictures of a batch end up in one size; picture 0 has ${width}×${height}, picture ${n} has ${picture.width}×${picture.height}`,
      );
    }
    tables.forEach((table, channel) => {
      const start = (n * 3 + channel) * plane;
      for (let i = 0; i < plane; i++) data[start + i] = table[picture.data[i * 3 + channel] as number] as number;
    });
  });
  return new Tensor('float32', data, [fitted.length, 3, height, width]);
}

/** For each channel, the value of each byte. */
function byteTables({ mean, std, divisor = 255 }: Preprocessing): Float32Array[] {
  const isTriple = (values: readonly number[]) => values?.length === 3 && values.every(Number.isFinite);
  if (!isTriple(mean) || !isTriple(std) || std.includes(0) || !Number.isFinite(divisor) || divisor === 0) {
    throw new LanewiseError(
      'INVALID_INPUT',
      `preprocessing has three means, three stds and a divisor, none but the means 0; got mean [${mean}], std [${std}], divisor ${divisor}`,
    );
  }
  return mean.map((m, c) => Float32Array.from({ length: 256 }, (_, byte) => (byte / divisor - m) / (std[c] as number)));
}

/** torchvision and Hugging Face alike. */
function shortestEdgeSize({ width, height }: Size, edge: number): Size {
  checkSize(edge, edge, 'the shortest edge');
  return width <= height
    ? { width: edge, height: Math.trunc((edge * height) / width) }
    : { width: Math.trunc((edge * width) / height), height: edge };
}

function cropCenter(picture: PictureLike, { width, height, rounding }: NonNullable<Preprocessing['centerCrop']>): Picture {
  const start = (room: number) => {
    const down = Math.floor(room / 2);
    // torchvision pads first, less at the start, then crops at Python's round() of the half.
    return rounding === 'even' && room % 2 !== 0 && (room < 0 || down % 2 !== 0) ? down + 1 : down;
  };
  return cropPicture(picture, start(picture.width - width), start(picture.height - height), width, height);
}

const filters = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];

/** Steps of some of Hugging Face's processors that change the numbers, and that Lanewise does not do. */
const otherSteps = ['do_pad', 'do_flip_channel_order', 'rescale_offset', 'include_top'];

/**
 * Reads a Hugging Face preprocessor_config.json: `do_resize`, `size`, `resample` (bilinear where left out), `do_center_crop`, `crop_size`,
 * `do_rescale`, `rescale_factor`, `do_normalize`, `image_mean`, `image_std`, and ConvNext's `crop_pct`. A `size` that is one number is the
 * shorter side where a crop follows, else a square. One key is Lanewise's own: `"crop": "center_square"`, a crop before the resize.
 *
 * @param json the parsed file
 * @param what names the file in the error
 * @throws LanewiseError INVALID_FILE for a value that is missing or wrong; UNSUPPORTED for a step or filter that Lanewise does not have
 */
export function readPreprocessorConfig(json: unknown, what = 'preprocessor_config.json'): Preprocessing {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new LanewiseError('INVALID_FILE', `${what} holds a JSON object, got ${JSON.stringify(json)?.slice(0, 40)}`);
  }
  const config = json as Record<string, unknown>;
  const wrong = (key: string, expected: string) =>
    new LanewiseError('INVALID_FILE', `"${key}" in ${what} is ${expected}, got ${JSON.stringify(config[key]) ?? 'nothing'}`);
  const unsupported = (key: string, known: string) =>
    new LanewiseError('UNSUPPORTED', `${what} has "${key}": ${JSON.stringify(config[key])}; Lanewise knows ${known}`);

  const flag = (key: string, otherwise: boolean): boolean => {
    const value = config[key] ?? otherwise;
    if (typeof value !== 'boolean') throw wrong(key, 'true or false');
    return value;
  };
  const triple = (key: string): number[] => {
    const value = config[key];
    if (isNumber(value)) return [value, value, value];
    if (!Array.isArray(value) || value.length !== 3 || !value.every(isNumber)) throw wrong(key, 'three numbers (red, green, blue)');
    return value;
  };
  const sizeOf = (key: string): Size | { shortestEdge: number } | number => {
    const value = config[key];
    if (isEdge(value)) return value;
    const { width, height, shortest_edge, longest_edge } = (value ?? {}) as Record<string, unknown>;
    if (longest_edge != null) throw unsupported(key, 'sizes without "longest_edge"');
    if (isEdge(width) && isEdge(height) && shortest_edge == null) return { width, height };
    if (isEdge(shortest_edge) && width == null && height == null) return { shortestEdge: shortest_edge };
    throw wrong(key, 'a number of pixels, {"shortest_edge"} or {"height", "width"}');
  };

  for (const key of otherSteps) if (config[key]) throw unsupported(key, 'no such step');
  const crop = config.crop ?? undefined;
  if (crop !== undefined && crop !== 'center_square') throw unsupported('crop', '"center_square"');

  let resize: Preprocessing['resize'];
  let centerCrop: Preprocessing['centerCrop'];
  const convNext = config.crop_pct != null || /^ConvNext/.test(String(config.image_processor_type ?? config.feature_extractor_type));
  const cropsAfter = !convNext && flag('do_center_crop', config.crop_size != null);
  if (flag('do_resize', true)) {
    if ((config.resample ?? 2) !== 2) {
      const name = filters[config.resample as number];
      throw unsupported('resample', `2 (bilinear)${name ? `, not ${name}` : ''}`);
    }
    const size = sizeOf('size');
    if (convNext) {
      const edge = typeof size === 'number' ? size : 'shortestEdge' in size ? size.shortestEdge : undefined;
      if (edge === undefined) throw wrong('size', 'a number of pixels or {"shortest_edge"}');
      // Its crop_pct counts below 384 only; from there on it squashes.
      const share = config.crop_pct ?? 224 / 256;
      if (!isNumber(share) || share <= 0 || share > 1) throw wrong('crop_pct', 'a number over 0, at most 1');
      resize = edge < 384 ? { shortestEdge: Math.trunc(edge / share) } : { width: edge, height: edge };
      if (edge < 384) centerCrop = { width: edge, height: edge };
    } else if (typeof size === 'number') {
      resize = cropsAfter ? { shortestEdge: size } : { width: size, height: size };
    } else {
      resize = size;
    }
  }
  if (cropsAfter) {
    const size = sizeOf('crop_size');
    if (typeof size !== 'number' && 'shortestEdge' in size) throw wrong('crop_size', 'a number of pixels or {"height", "width"}');
    centerCrop = typeof size === 'number' ? { width: size, height: size } : size;
  }

  let divisor = 1;
  if (flag('do_rescale', true)) {
    const factor = config.rescale_factor ?? 1 / 255;
    if (!isNumber(factor) || factor === 0) throw wrong('rescale_factor', 'a number other than 0');
    divisor = 1 / factor;
  }
  const normalize = flag('do_normalize', true);
  const mean = normalize ? triple('image_mean') : [0, 0, 0];
  const std = normalize ? triple('image_std') : [1, 1, 1];
  if (std.includes(0)) throw wrong('image_std', 'three numbers other than 0');
  return { ...(crop && { crop }), ...(resize && { resize }), ...(centerCrop && { centerCrop }), divisor, mean, std };
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isEdge = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
