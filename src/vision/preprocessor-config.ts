import { checkText, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import type { Preprocessing, Size } from './preprocess.ts';
import type { Filter } from './resize.ts';

/** Filters by the numbers of Pillow's `Resampling`. */
const filters = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];

/** Steps of some of Hugging Face's processors that change the numbers and that Lanewise does not do. */
const otherSteps = ['do_pad', 'do_flip_channel_order', 'rescale_offset', 'include_top'];

/**
 * Reads a Hugging Face preprocessor_config.json: `do_resize`, `size`, `resample` (default: bilinear), `do_center_crop`,
 * `crop_size`, `do_rescale`, `rescale_factor`, `do_normalize`, `image_mean`, `image_std`, and ConvNext's `crop_pct`. A
 * `size` that is one number is the shorter side if a crop follows, else a square. One key is Lanewise's own: `"crop":
 * "center_square"`, a crop before the resize.
 *
 * @param json the parsed file
 * @param what names the file in the error
 * @throws LanewiseError INVALID_FILE for a value that is missing or wrong; UNSUPPORTED for a step or filter that Lanewise
 *   does not have
 */
export function readPreprocessorConfig(json: unknown, what = 'preprocessor_config.json'): Preprocessing {
  checkText("a file's name", what);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new LanewiseError('INVALID_FILE', `${what} holds a JSON object, got ${inJson(json)?.slice(0, 40)}`);
  }
  const config = json as Record<string, unknown>;
  const wrong = (key: string, expected: string) =>
    new LanewiseError('INVALID_FILE', `"${key}" in ${what} is ${expected}, got ${inJson(config[key]) ?? 'nothing'}`);
  const unsupported = (key: string, known: string) =>
    new LanewiseError('UNSUPPORTED', `${what} has "${key}": ${inJson(config[key])}; Lanewise knows ${known}`);

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
  let filter: Filter | undefined;
  let centerCrop: Preprocessing['centerCrop'];
  const convNext = config.crop_pct != null || /^"ConvNext/.test(inJson(config.image_processor_type ?? config.feature_extractor_type) ?? '');
  const cropsAfter = !convNext && flag('do_center_crop', config.crop_size != null);
  if (flag('do_resize', true)) {
    const resample = config.resample ?? 2;
    const name = isNumber(resample) ? filters[resample] : undefined;
    if (name !== 'bilinear' && name !== 'bicubic' && name !== 'nearest' && name !== 'box') {
      throw unsupported('resample', `0 (nearest), 2 (bilinear), 3 (bicubic) and 4 (box)${name ? `, not ${name}` : ''}`);
    }
    if (name !== 'bilinear') filter = name;
    const size = sizeOf('size');
    if (convNext) {
      const edge = typeof size === 'number' ? size : 'shortestEdge' in size ? size.shortestEdge : undefined;
      if (edge === undefined) throw wrong('size', 'a number of pixels or {"shortest_edge"}');
      // ConvNext's crop_pct is used only below 384; from there on pictures are squashed.
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
  return {
    ...(crop && { crop }),
    ...(resize && { resize }),
    ...(filter && { filter }),
    ...(centerCrop && { centerCrop }),
    divisor,
    mean,
    std,
  };
}

/** The value in the file, whatever it is. */
function inJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return shown(value);
  }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isEdge = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
