// The network that the page runs: what it takes and gives, and how a picture is prepared for it.

import { type Dim, load, type Model, type ModelInput, type Outputs, type Progress, Tensor, toFloat32 } from 'lanewise';
import {
  type Drawable,
  fitPicture,
  type Layout,
  type Picture,
  type PictureLike,
  type Preprocessing,
  pictureFrom,
  softmax,
  toTensor,
} from 'lanewise/vision';
import { cifar10Labels, cifar100Labels, fashionMnistLabels, imagenetLabels, mnistLabels } from 'lanewise/vision/labels';

/** The side of inputs whose height and width a model leaves open. */
export const DEFAULT_SIDE = 224;

/** A picture as a network takes it. */
export interface Face {
  readonly input: ModelInput;
  readonly layout: Layout;
  readonly channels: 1 | 3;
  /** Undefined where the model leaves it open. */
  readonly height: number | undefined;
  readonly width: number | undefined;
}

export interface Network {
  readonly name: string;
  readonly model: Model;
  readonly face: Face;
  readonly loadMs: number;
  /** How long the very first run took. */
  firstMs?: number;
}

/** What the visitor chooses. */
export interface Settings {
  readonly values: ValuesName;
  /** The side of the picture, where the model leaves it open. */
  readonly side: number;
}

/** Ways of writing pixels as numbers. */
export const valuesOf = {
  imagenet: { text: "ImageNet's mean and deviation", mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  cifar10: { text: "CIFAR-10's mean and deviation", mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  unit: { text: '0 to 1', mean: [0, 0, 0], std: [1, 1, 1] },
  signed: { text: '-1 to 1', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  bytes: { text: '0 to 255', mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] },
} as const;

export type ValuesName = keyof typeof valuesOf;

/** Names of classes by how many there are. */
export const namesOf: ReadonlyMap<number, Readonly<Record<string, readonly string[]>>> = new Map<number, Record<string, readonly string[]>>(
  [
    [10, { 'CIFAR-10': cifar10Labels, MNIST: mnistLabels, 'Fashion-MNIST': fashionMnistLabels }],
    [100, { 'CIFAR-100': cifar100Labels }],
    [1000, { ImageNet: imagenetLabels }],
  ],
);

/** Isolated pages share memory with threads; elsewhere one worker runs the model. Either way the page stays alive. */
const where = globalThis.crossOriginIsolated ? ({ threads: 'auto' } as const) : ({ worker: true } as const);

/**
 * Loads a network.
 * @param files a URL; or a model's file, and those in which it keeps data
 * @param onProgress is told how much has been read, from 0 to 1
 */
export async function openNetwork(files: string | readonly File[], onProgress: (share: number) => void): Promise<Network> {
  const start = performance.now();
  const progress = ({ loaded, total }: Progress) => onProgress(total ? loaded / total : 0);
  let model: Model;
  let name: string;
  if (typeof files === 'string') {
    name = 'ResNet-20';
    model = await load(files, { ...where, onProgress: progress });
  } else {
    const file = files.find(({ name }) => isModelName(name)) ?? files[0];
    if (!file) throw new Error('There is no file');
    name = file.name;
    const others = files.filter((other) => other !== file);
    const data = await Promise.all(others.map(async (other) => [other.name, await other.arrayBuffer()] as const));
    model = await load(file, { ...where, onProgress: progress, ...(data.length > 0 && { externalData: Object.fromEntries(data) }) });
  }
  try {
    return { name, model, face: faceOf(name, model), loadMs: performance.now() - start };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

export const isModelName = (name: string): boolean => /\.(onnx|lanewise)$/i.test(name);

const shapeText = (dims: readonly Dim[]): string => `[${dims.map((dim) => dim || '?').join(', ')}]`;

/** Where a model has rows, columns and channels. @throws Error, a sentence, for a model that takes no picture */
function faceOf(name: string, { inputs }: Model): Face {
  const [input, ...others] = inputs;
  if (!input || others.length > 0) {
    throw new Error(
      `${name} takes ${inputs.length} inputs (${inputs.map(({ name }) => name).join(', ')}), but this page has one picture to give`,
    );
  }
  const { dims, type } = input;
  if (!['float32', 'float16', 'uint8'].includes(type))
    throw new Error(`${name} takes numbers of ${type}, which are no pixels of a picture`);
  const isColour = (dim: Dim | undefined): dim is 1 | 3 => dim === 1 || dim === 3;
  const wrong = new Error(`${name} takes ${shapeText(dims)}, which is no picture of 1 or 3 channels, [N, C, H, W] or [N, H, W, C]`);
  if (dims.length !== 4) throw wrong;
  const [n, a, b, c] = dims;
  if (typeof n === 'number' && n !== 1) throw new Error(`${name} takes ${n} pictures at once, but this page gives one`);
  const layout = isColour(a) || (typeof a === 'string' && !isColour(c)) ? 'NCHW' : 'NHWC';
  const [channels, height, width] = layout === 'NCHW' ? [a, b, c] : [c, a, b];
  if (typeof channels === 'number' && !isColour(channels)) throw wrong;
  const known = (dim: Dim | undefined) => (typeof dim === 'number' ? dim : undefined);
  return { input, layout, channels: channels === 1 ? 1 : 3, height: known(height), width: known(width) };
}

/** Whether the visitor may choose the size. */
export const isOpen = ({ face }: Network): boolean => face.height === undefined || face.width === undefined;

/** What the network takes, in words. */
export const takes = ({ face: { input, layout } }: Network): string => `${input.type} ${shapeText(input.dims)}, ${layout}`;

/** How many classes a network gives, if its file says so. */
export function classesOf({ outputs: [output, ...others] }: Model): number | undefined {
  const count = others.length === 0 ? output?.dims?.[1] : undefined;
  return typeof count === 'number' && output?.dims?.slice(2).every((dim) => dim === 1) ? count : undefined;
}

/** The values that a network was probably trained with. */
export function likelyValues({ model, face }: Network): ValuesName {
  const classes = classesOf(model);
  if (face.input.type === 'uint8') return 'bytes';
  if (face.channels === 3 && classes === 1000) return 'imagenet';
  return face.channels === 3 && classes === 10 && face.height === 32 ? 'cifar10' : 'unit';
}

/** How a picture is prepared. ImageNet's networks see the middle of it, the others the whole square. */
function preprocessing({ face }: Network, { values, side }: Settings): Preprocessing {
  const [height, width] = [face.height ?? side, face.width ?? side];
  const { mean, std } = valuesOf[values];
  const average = (list: readonly number[]) => list.reduce((a, b) => a + b) / list.length;
  const numbers = face.channels === 1 ? { mean: [average(mean)], std: [average(std)] } : { mean, std };
  if (values !== 'imagenet') return { crop: 'center_square', resize: { width, height }, ...numbers };
  const shortestEdge = Math.round((Math.max(height, width) * 256) / 224);
  return { resize: { shortestEdge }, centerCrop: { width, height, rounding: 'even' }, ...numbers };
}

/** The pixels that the network sees. */
export const seenBy = (network: Network, picture: PictureLike, settings: Settings): Picture =>
  fitPicture(picture, preprocessing(network, settings));

/**
 * A picture, or a frame of the camera, as the network takes it.
 * @param into a tensor to fill, of the frame before
 */
export function prepare(network: Network, source: PictureLike | Drawable, settings: Settings, into?: Tensor): Tensor {
  const { input, layout } = network.face;
  const kept = into?.type === 'float32' ? into : undefined;
  const tensor = toTensor(pictureFrom(source), preprocessing(network, settings), { layout, into: kept });
  return input.type === 'uint8' ? new Tensor('uint8', Uint8Array.from(tensor.data, Math.round), tensor.dims) : tensor;
}

/** @param into tensors to fill, of the frame before */
export async function infer(network: Network, tensor: Tensor, into?: Outputs): Promise<{ outputs: Outputs; ms: number }> {
  const start = performance.now();
  const outputs = await network.model.run({ [network.face.input.name]: tensor }, { outputs: into });
  const ms = performance.now() - start;
  network.firstMs ??= ms;
  return { outputs, ms };
}

/** Whether every output has the same shape for every frame, so that its tensor can be filled again. */
export const isSteady = ({ model, face }: Network): boolean =>
  model.outputs.every(
    ({ dims, list }) => !list && dims?.every((dim, i) => typeof dim === 'number' || (i === 0 && dim === face.input.dims[0])),
  );

/** The share of each class, if the only output is a score for each; else undefined. */
export function sharesOf(outputs: Readonly<Outputs>): Float32Array | undefined {
  const [output, ...others] = Object.values(outputs);
  if (!output || others.length > 0 || !output.type.startsWith('float')) return undefined;
  const [n, classes = 1, ...rest] = output.dims;
  if (n !== 1 || classes < 2 || rest.some((dim) => dim !== 1)) return undefined;
  const { data } = toFloat32(output);
  const sum = data.reduce((a, b) => a + b, 0);
  return Math.abs(sum - 1) < 1e-3 && data.every((score) => score >= 0) ? data : softmax(data);
}
