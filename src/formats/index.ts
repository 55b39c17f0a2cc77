export type { Attribute, Constant, Dim, Face, Graph, GraphInput, GraphNode, GraphOutput, Subgraph } from '../graph/graph.ts';
export { readCheckpoint } from './checkpoint/index.ts';
export { readNpy, writeNpy } from './npy.ts';
export { externalLocations, readOnnx, readTensorProto } from './onnx/read.ts';
export { type OnnxOptions, writeOnnx } from './onnx/writer.ts';
export { readSafetensors, type SafetensorsOptions, writeSafetensors } from './safetensors.ts';
export type { Weights, Writable } from './weights.ts';
