import { checkText, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import type { Preprocessing, Size } from './preprocess.ts';
import type { Filter } from './resize.ts';

/** Filters by the numbers of Pillow's `Resampling`. */
const filters = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];

/** Steps of some of Hugging Face's processors that change the numbers and that Lanewise does not do. */
const otherSteps = ['do_pad', 'do_flip_channel_order', 'rescale_offset', 'include_top'];

/** The values of a configuration, checked as they are read. */
class Config {
  readonly values: Readonly<Record<string, unknown>>;
  readonly #what: string;

  constructor(json: unknown, what: string) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new LanewiseError('INVALID_FILE', `${what} holds a JSON object, got ${inJson(json)?.slice(0, 40)}`);
    }
    this.values = json as Record<string, unknown>;
    this.#what = what;
  }

  wrong(key: string, expected: string): LanewiseError {
    return new LanewiseError('INVALID_FILE', `"${key}" in ${this.#what} is ${expected}, got ${inJson(this.values[key]) ?? 'nothing'}`);
  }

  unsupported(key: string, known: string): LanewiseError {
    return new LanewiseError('UNSUPPORTED', `${this.#what} has "${key}": ${inJson(this.values[key])}; Lanewise knows ${known}`);
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.values[key] ?? otherwise;
    if (typeof value !== 'boolean') throw this.wrong(key, 'true or false');
    return value;
  }

  triple(key: string): number[] {
    const value = this.values[key];
    if (isNumber(value)) return [value, value, value];
    if (!Array.isArray(value) || value.length !== 3 || !value.every(isNumber)) throw this.wrong(key, 'three numbers (red, green, blue)');
    return value;
  }

  size(key: string): Size | { shortestEdge: number } | number {
    const value = this.values[key];
    if (isEdge(value)) return value;
    const { width, height, shortest_edge, longest_edge } = (value ?? {}) as Record<string, unknown>;
    if (longest_edge != null) throw this.unsupported(key, 'sizes without "longest_edge"');
    if (isEdge(width) && isEdge(height) && shortest_edge == null) return { width, height };
    if (isEdge(shortest_edge) && width == null && height == null) return { shortestEdge: shortest_edge };
    throw this.wrong(key, 'a number of pixels, {"shortest_edge"} or {"height", "width"}');
  }
}

/** How pictures are resized and cropped. */
function sizesOf(config: Config): Pick<Preprocessing, 'resize' | 'filter' | 'centerCrop'> {
  const { values } = config;
  const convNext = values.crop_pct != null || /^"ConvNext/.test(inJson(values.image_processor_type ?? values.feature_extractor_type) ?? '');
  const cropsAfter = !convNext && config.flag('do_center_crop', values.crop_size != null);
  const resized = config.flag('do_resize', true) ? resizeOf(config, convNext, cropsAfter) : {};
  if (!cropsAfter) return resized;
  const size = config.size('crop_size');
  if (typeof size !== 'number' && 'shortestEdge' in size) throw config.wrong('crop_size', 'a number of pixels or {"height", "width"}');
  return { ...resized, centerCrop: typeof size === 'number' ? { width: size, height: size } : size };
}

function resizeOf(config: Config, convNext: boolean, cropsAfter: boolean): Pick<Preprocessing, 'resize' | 'filter' | 'centerCrop'> {
  const resample = config.values.resample ?? 2;
  const name = isNumber(resample) ? filters[resample] : undefined;
  if (name !== 'bilinear' && name !== 'bicubic' && name !== 'nearest' && name !== 'box') {
    throw config.unsupported('resample', `0 (nearest), 2 (bilinear), 3 (bicubic) and 4 (box)${name ? `, not ${name}` : ''}`);
  }
  const filter: { filter?: Filter } = name === 'bilinear' ? {} : { filter: name };
  const size = config.size('size');
  if (convNext) {
    const edge = typeof size === 'number' ? size : 'shortestEdge' in size ? size.shortestEdge : undefined;
    if (edge === undefined) throw config.wrong('size', 'a number of pixels or {"shortest_edge"}');
    // ConvNext's crop_pct is used only below 384; from there on pictures are squashed.
    const share = config.values.crop_pct ?? 224 / 256;
    if (!isNumber(share) || share <= 0 || share > 1) throw config.wrong('crop_pct', 'a number over 0, at most 1');
    const square = { width: edge, height: edge };
    return edge < 384
      ? { ...filter, resize: { shortestEdge: Math.trunc(edge / share) }, centerCrop: square }
      : { ...filter, resize: square };
  }
  if (typeof size !== 'number') return { ...filter, resize: size };
  return { ...filter, resize: cropsAfter ? { shortestEdge: size } : { width: size, height: size } };
}

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
 * @example
 * import { readPreprocessorConfig } from 'lanewise/vision';
 * import { readFile } from 'node:fs/promises';
 *
 * const preprocessing = readPreprocessorConfig(JSON.parse(await readFile('preprocessor_config.json', 'utf8')));
 */
export function readPreprocessorConfig(json: unknown, what = 'preprocessor_config.json'): Preprocessing {
  checkText("a file's name", what);
  const config = new Config(json, what);
  const { values } = config;
  for (const key of otherSteps) if (values[key]) throw config.unsupported(key, 'no such step');
  const crop = values.crop ?? undefined;
  if (crop !== undefined && crop !== 'center_square') throw config.unsupported('crop', '"center_square"');
  const sizes = sizesOf(config);
  let divisor = 1;
  if (config.flag('do_rescale', true)) {
    const factor = values.rescale_factor ?? 1 / 255;
    if (!isNumber(factor) || factor === 0) throw config.wrong('rescale_factor', 'a number other than 0');
    divisor = 1 / factor;
  }
  const normalize = config.flag('do_normalize', true);
  const mean = normalize ? config.triple('image_mean') : [0, 0, 0];
  const std = normalize ? config.triple('image_std') : [1, 1, 1];
  if (std.includes(0)) throw config.wrong('image_std', 'three numbers other than 0');
  return { ...(crop && { crop }), ...sizes, divisor, mean, std };
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
