// Files whose reader was not told a name: errors still say what they are about.

import {
  externalLocations,
  readCheckpoint,
  readNpy,
  readOnnx,
  readSafetensors,
  readTensorProto,
  writeNpy,
} from '../../src/formats/index.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';

const bytes = Buffer.from('no such file');

test.each<[string, () => unknown, RegExp]>([
  ['readOnnx', () => readOnnx(bytes), /^the model is not an ONNX model/],
  ['externalLocations', () => externalLocations(bytes), /^the model is not an ONNX model/],
  ['readTensorProto', () => readTensorProto(bytes), /^the file is not an ONNX tensor/],
  ['readCheckpoint', () => readCheckpoint(bytes), /^the file: not a checkpoint of PyTorch/],
  ['readSafetensors', () => readSafetensors(bytes), /^the file: not a safetensors file/],
  ['readNpy', () => readNpy(bytes), /^the file: not a \.npy file/],
])('%s names what it was given', (_, read, message) => {
  expect(failure(read)).toMatchObject({ code: 'INVALID_FILE', message: expect.stringMatching(message) });
});

test('writeNpy takes tensors alone', () => {
  for (const value of [undefined, null, 3, 'a.npy', {}, [1], new Float32Array(2), { type: 'float32', data: [1, 2], dims: [3] }]) {
    expect(failure(() => writeNpy(value as never)).code).toBe('INVALID_INPUT');
  }
  const tensor = new Tensor('float32', [1, 2, 3], [3]);
  expect(readNpy(writeNpy({ ...tensor } as Tensor))).toEqual(tensor);
});
