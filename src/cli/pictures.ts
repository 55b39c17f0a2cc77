import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LanewiseError } from '../errors.ts';
import { readNpy } from '../formats/npy.ts';
import type { Tensor } from '../graph/tensor.ts';
import { imagenetLabels } from '../vision/labels/imagenet.ts';
import { labelsFromConfig } from '../vision/labels/read.ts';
import type { Preprocessing } from '../vision/preprocess.ts';
import { readPreprocessorConfig } from '../vision/preprocessor-config.ts';
import * as named from '../vision/presets.ts';
import { toTensor } from '../vision/tensors.ts';
import { readBytes } from './files.ts';

const presets: ReadonlyMap<string, Preprocessing> = new Map(Object.entries(named));

/** The content of a JSON file beside the model; undefined if there is none. */
function besideModel(model: string, name: string): { json: unknown; path: string } | undefined {
  const path = join(dirname(model), name);
  if (!existsSync(path)) return undefined;
  try {
    return { json: JSON.parse(readFileSync(path, 'utf8')), path };
  } catch (cause) {
    throw new LanewiseError('INVALID_FILE', `${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The names of a model's classes, from Hugging Face's config.json beside it, or from the preset if it has `classes` of them. */
export function labelsFor(model: string, preset: string | undefined, classes: number): readonly string[] | undefined {
  const config = besideModel(model, 'config.json');
  if (config) return labelsFromConfig(config.json, config.path);
  if (preset === undefined) return undefined;
  const labels = preset.startsWith('imagenet') ? imagenetLabels : presets.get(preset)?.labels;
  return labels?.length === classes ? labels : undefined;
}

/**
 * A tensor from a .npy file, or from a picture prepared as the preset or preprocessor_config.json beside the model says.
 * @throws LanewiseError FILE_NOT_FOUND, INVALID_FILE, INVALID_INPUT if it is not known how to prepare a picture
 */
export async function readInput(input: string, model: string, preset: string | undefined): Promise<Tensor> {
  const bytes = readBytes(input);
  if (input.endsWith('.npy')) return readNpy(bytes, input);
  const preprocessing = preset === undefined ? undefined : presets.get(preset);
  if (preset !== undefined && !preprocessing) {
    throw new LanewiseError('INVALID_INPUT', `there is no preset '${preset}'; known: ${[...presets.keys()].join(', ')}`);
  }
  const config = preprocessing ? undefined : besideModel(model, 'preprocessor_config.json');
  const how = preprocessing ?? (config && readPreprocessorConfig(config.json, config.path));
  if (!how) {
    throw new LanewiseError(
      'INVALID_INPUT',
      `how to prepare a picture for ${model} is not known: put a preprocessor_config.json beside it, or give --preset ${[...presets.keys()].join('|')}`,
    );
  }
  const { decodePicture } = await import('../vision/decode.ts');
  return toTensor(await decodePicture(bytes, input), how);
}
