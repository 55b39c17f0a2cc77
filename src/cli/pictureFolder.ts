// Folders of pictures, by class or flat, and batches of them.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LanewiseError } from '../errors.ts';
import { fileError } from '../file.ts';
import { product } from '../graph/dims.ts';
import { formatDims, Tensor } from '../graph/tensor.ts';
import type { ModelInput } from '../runtime/model.ts';
import type { Preprocessing } from '../vision/preprocess.ts';
import { readInput } from './pictures.ts';

/** A picture, and the name of the folder that it is in, if the folders are classes. */
export interface Picture {
  readonly place: string;
  readonly folder: string | undefined;
}

const isPicture = (name: string): boolean => /\.(jpe?g|png|webp|gif|avif|tiff?|npy)$/i.test(name);
const byName = (a: string, b: string) => (a < b ? -1 : 1);

/**
 * The pictures of a folder, in the order of their names; if it has folders, theirs, which are classes.
 * @throws LanewiseError FILE_NOT_FOUND; INVALID_INPUT if there are none
 */
export function picturesIn(folder: string): Picture[] {
  const entries = listed(folder);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const inside = (path: string, name: string | undefined): Picture[] =>
    listed(path)
      .filter((entry) => !entry.isDirectory() && isPicture(entry.name))
      .map((entry) => ({ place: join(path, entry.name), folder: name }))
      .sort((a, b) => byName(a.place, b.place));
  const own = inside(folder, undefined);
  const found = own.length > 0 ? own : folders.sort(byName).flatMap((name) => inside(join(folder, name), name));
  if (found.length > 0) return found;
  throw new LanewiseError(
    'INVALID_INPUT',
    `${folder} has no pictures (.jpg, .png, .webp, ...) and no .npy files, nor have the folders in it`,
  );
}

function listed(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (cause) {
    throw fileError(path, cause);
  }
}

/** Some of the pictures, as many of each class, evenly over the names. */
export function spread(pictures: readonly Picture[], count: number): Picture[] {
  const folders = [...new Set(pictures.map(({ folder }) => folder))];
  return folders.flatMap((folder, i) => {
    const own = pictures.filter((picture) => picture.folder === folder);
    const share = Math.min(own.length, Math.floor(((i + 1) * count) / folders.length) - Math.floor((i * count) / folders.length));
    return Array.from({ length: share }, (_, j) => own[Math.floor((j * own.length) / share)] as Picture);
  });
}

/** The class of each folder: by the labels' names, by numbers, or by their order if there are as many; undefined if none fits. */
export function classesOf(
  pictures: readonly Picture[],
  labels: readonly string[] | undefined,
  count: number,
): Map<string, number> | undefined {
  const folders = [...new Set(pictures.map(({ folder }) => folder))].filter((folder) => folder !== undefined).sort(byName);
  if (folders.length === 0) return undefined;
  const names = labels?.map((label) => label.toLowerCase()) ?? [];
  const named = folders.map((folder) => names.indexOf(folder.toLowerCase()));
  const numbered = folders.map((folder) => (/^\d+$/.test(folder) ? Number(folder) : -1));
  const classes = [named, numbered, folders.length === count ? folders.map((_, i) => i) : []].find(
    (list) => list.length > 0 && list.every((index) => index >= 0 && index < count),
  );
  return classes && new Map(folders.map((folder, i) => [folder, classes[i] as number]));
}

/** The pictures of a batch, as the model takes them. */
export interface PictureBatch {
  readonly tensor: Tensor;
  readonly pictures: readonly Picture[];
}

/** Where batches have more than one picture: so many. */
const BATCH = 20;

/**
 * Reads pictures in batches: of one picture, unless the model leaves the batch open.
 * @throws LanewiseError INVALID_INPUT naming a picture that does not fit
 */
export async function* batchesOf(
  pictures: readonly Picture[],
  input: ModelInput,
  model: string,
  prepare: () => Promise<Preprocessing | undefined>,
): AsyncGenerator<PictureBatch> {
  const [first = 1, ...rest] = input.dims;
  const most = typeof first === 'string' ? BATCH : first;
  let batch: { tensor: Tensor; picture: Picture }[] = [];
  const joined = (): PictureBatch => {
    const { tensor } = batch[0] as { tensor: Tensor };
    const { type, dims } = tensor;
    const size = product(dims);
    const data = new Float32Array(batch.length * size);
    for (const [i, { tensor }] of batch.entries()) data.set(tensor.data as Float32Array, i * size);
    const joined = batch.length === 1 ? tensor : new Tensor(type, data as never, [batch.length, ...dims.slice(1)]);
    const made = { tensor: joined, pictures: batch.map(({ picture }) => picture) };
    batch = [];
    return made;
  };
  for (const picture of pictures) {
    const tensor = await readInput(picture.place, input, model, prepare);
    const fits = tensor.dims[0] === 1 && tensor.dims.slice(1).every((size, i) => typeof rest[i] === 'string' || rest[i] === size);
    if (!fits || tensor.type !== 'float32' || tensor.dims.length !== input.dims.length) {
      throw new LanewiseError(
        'INVALID_INPUT',
        `${picture.place} is ${tensor.type} ${formatDims(tensor.dims)} once it is prepared; input '${input.name}' takes ${input.type} ${formatDims(input.dims)}`,
      );
    }
    const [before] = batch;
    if (before && before.tensor.dims.join() !== tensor.dims.join()) yield joined();
    batch.push({ tensor, picture });
    if (batch.length >= most) yield joined();
  }
  // A model for batches of a fixed size takes no smaller one.
  if (batch.length > 0 && (typeof first === 'string' || batch.length === first)) yield joined();
}
