// lanewise/onnx: the readers and the writer of ONNX files, without the other formats.

export type { Attribute, Constant, Dim, Face, Graph, GraphInput, GraphNode, GraphOutput, Subgraph } from '../graph/graph.ts';
export { externalLocations, readOnnx, readTensorProto } from './onnx/read.ts';
export { type OnnxOptions, writeOnnx } from './onnx/writer.ts';
export type { Weights } from './weights.ts';
