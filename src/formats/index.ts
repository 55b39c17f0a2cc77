export type { Attribute, Constant, Dim, Graph, GraphInput, GraphNode, GraphOutput } from '../graph/graph.ts';
export { readNpy, writeNpy } from './npy.ts';
export { readOnnx, readTensorProto } from './onnx/index.ts';
export { readSafetensors } from './safetensors.ts';
