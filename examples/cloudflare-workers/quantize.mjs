// Writes mobilenet.lanewise: a MobileNetV2 of 100 classes as integers. Its weights are seeded, so its answers mean nothing: put a network that you
// trained in its place, and pictures that it will see in the place of the noise.

import { writeFile } from 'node:fs/promises';
import { Tensor } from 'lanewise';
import { compileModel } from 'lanewise/compile';
import { quantize } from 'lanewise/quantize';
import { mobilenetV2 } from 'lanewise/zoo';

let state = 1;
const noise = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 30 - 2;
};
const pictures = Array.from({ length: 4 }, () => new Tensor(Float32Array.from({ length: 3 * 224 * 224 }, noise), [1, 3, 224, 224]));
const { onnx } = await quantize(mobilenetV2({ classes: 100 }), pictures, { calibration: 'minmax', biasCorrection: false });
await writeFile('mobilenet.lanewise', await compileModel(onnx, { inputShapes: { input: [1, 3, 224, 224] } }));
