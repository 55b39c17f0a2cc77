import { Tensor } from '../../graph/tensor.ts';
import { newExtras } from './subgraphs.ts';
import { readTensor } from './tensor.ts';
import { Wire } from './wire.ts';

/** `readTensorProto` of lanewise/onnx, without the naming of files that are not one. */
export function readTensorProto(bytes: Uint8Array, what = 'the file'): { name: string; tensor: Tensor } {
  const wire = new Wire(bytes, what, 'tensor');
  wire.extras = newExtras();
  const { name, type, dims, read } = readTensor(wire, 'the tensor', (name) => `the tensor '${name}'`);
  if (wire.external.length) throw wire.fail('UNSUPPORTED', `${wire.external[0]?.label} has its data in another file`);
  return { name, tensor: new Tensor(type, read(), dims) };
}
