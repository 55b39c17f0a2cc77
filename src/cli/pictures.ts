import { existsSync, readFileSync } from 'node:fs';
import { LanewiseError } from '../errors.ts';
import { readNpy } from '../formats/npy.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { ModelInput } from '../runtime/model.ts';
import { imagenetLabels } from '../vision/labels/imagenet.ts';
import { labelsFromConfig } from '../vision/labels/read.ts';
import type { Preprocessing } from '../vision/preprocess.ts';
import { readPreprocessorConfig } from '../vision/preprocessor-config.ts';
import * as named from '../vision/presets.ts';
import { type Layout, toTensor } from '../vision/tensors.ts';
import { readPlace } from './files.ts';
import { didYouMean } from './nearest.ts';
import { pathOf, placeBeside } from './places.ts';

const presets: ReadonlyMap<string, Preprocessing> = new Map(Object.entries(named));

/** The content of a JSON file beside the model; undefined if there is none. */
async function besideModel(model: string, name: string): Promise<{ json: unknown; path: string } | undefined> {
  const path = placeBeside(model, name);
  const file = pathOf(path);
  let text: string | undefined;
  if (file === undefined) {
    const bytes = await (await import('./download.ts')).downloadIfThere(path);
    text = bytes && new TextDecoder().decode(bytes);
  } else if (existsSync(file)) text = readFileSync(file, 'utf8');
  if (text === undefined) return undefined;
  try {
    return { json: JSON.parse(text), path };
  } catch (cause) {
    // A server may answer with a page in place of a missing file.
    if (file === undefined) return undefined;
    throw new LanewiseError('INVALID_FILE', `${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The names of a model's classes, from Hugging Face's config.json beside it, or from the preset if it has `classes` of them. */
export async function labelsFor(model: string, preset: string | undefined, classes: number): Promise<readonly string[] | undefined> {
  const config = await besideModel(model, 'config.json');
  if (config) return labelsFromConfig(config.json, config.path);
  if (preset === undefined) return undefined;
  const labels = preset.startsWith('imagenet') ? imagenetLabels : presets.get(preset)?.labels;
  return labels?.length === classes ? labels : undefined;
}

/** The preprocessing of that name. @throws LanewiseError INVALID_INPUT if there is none */
export function presetOf(preset: string | undefined): Preprocessing | undefined {
  const preprocessing = preset === undefined ? undefined : presets.get(preset);
  if (preset === undefined || preprocessing) return preprocessing;
  const names = [...presets.keys()];
  throw new LanewiseError('INVALID_INPUT', `there is no preset '${preset}'; known: ${names.join(', ')}${didYouMean(preset, names)}`);
}

/** How pictures are prepared for a model: as the preset or preprocessor_config.json beside the model says. */
export async function preparationFor(model: string, preset: string | undefined): Promise<Preprocessing | undefined> {
  const preprocessing = presetOf(preset);
  if (preprocessing) return preprocessing;
  const config = await besideModel(model, 'preprocessor_config.json');
  return config && readPreprocessorConfig(config.json, config.path);
}

/** Where the input has its channels: last if that place alone fits. */
function layoutOf({ dims }: ModelInput): Layout {
  const isColour = (dim: unknown) => dim === 1 || dim === 3;
  return dims.length === 4 && isColour(dims[3]) && !isColour(dims[1]) ? 'NHWC' : 'NCHW';
}

/**
 * A tensor from a .npy file, or from a picture.
 * @param place a path or URL
 * @param prepare gives how pictures are prepared
 * @throws LanewiseError FILE_NOT_FOUND, INVALID_FILE, INVALID_INPUT if it is not known how to prepare a picture
 */
export async function readInput(
  place: string,
  input: ModelInput,
  model: string,
  prepare: () => Promise<Preprocessing | undefined>,
): Promise<Tensor> {
  const bytes = await readPlace(place);
  if (/\.npy([?#].*)?$/i.test(place)) return readNpy(bytes, place);
  const how = await prepare();
  if (!how) {
    throw new LanewiseError(
      'INVALID_INPUT',
      `how to prepare a picture for ${model} is not known: put a preprocessor_config.json beside it, or give --preset ${[...presets.keys()].join('|')}`,
    );
  }
  const { decodePicture } = await import('../vision/decode.ts');
  return toTensor(await decodePicture(bytes, place), how, { layout: layoutOf(input) });
}
