import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { noise } from './statistics.mjs';

export const MODELS = ['vgg16', 'resnet18', 'resnet50', 'googlenet', 'densenet121', 'squeezenet1_1', 'mobilenet_v2', 'alexnet'];
/** The dimensions of every model's input. */
export const DIMS = [1, 3, 224, 224];

const here = fileURLToPath(new URL('.', import.meta.url));
const command = fileURLToPath(new URL('../../bin/lanewise.mjs', import.meta.url));

export const modelPath = (name) => `${here}models/${name}.onnx`;

/** Writes the ONNX file of a model with seeded weights, unless it is there. */
export function ensureModel(name) {
  const path = modelPath(name);
  if (existsSync(path)) return;
  mkdirSync(`${here}models`, { recursive: true });
  // Under another name first, so that an interrupted run leaves no half of a file.
  const part = path.replace(/\.onnx$/, '.part.onnx');
  execFileSync(process.execPath, [command, 'export', name, part, '--seed', '0'], { stdio: ['ignore', 'ignore', 'inherit'] });
  renameSync(part, path);
}

/** A Buffer is a Uint8Array, so nothing is copied. */
export const readModel = (path) => readFileSync(path);

/** The picture that every runtime gets, NCHW. */
export const PICTURE = noise(DIMS.reduce((a, b) => a * b));

/** A tensor with its channels last, of a picture's NCHW. */
export function channelsLast(data, [n, c, h, w]) {
  const out = new Float32Array(data.length);
  const pixels = h * w;
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      const from = (image * c + channel) * pixels;
      const to = image * c * pixels + channel;
      for (let i = 0; i < pixels; i++) out[to + i * c] = data[from + i];
    }
  }
  return out;
}
