// The arithmetic of networks: shapes, parameters, multiply-accumulates, memory, receptive fields; of whole graphs and of
// single layers.

export type { Graph } from '../graph/graph.ts';
export {
  type ConvSize,
  convMacs,
  convParameters,
  denseParameters,
  type Filters,
  outputSize,
  type Padding,
  type ReceptiveWindow,
  receptiveField,
  type TransposedSize,
  transposedOutputSize,
  type WindowSize,
} from './arithmetic.ts';
export { formatSummary } from './formatSummary.ts';
export { summarize } from './summarize.ts';
export type {
  InputShapes,
  InputSummary,
  LayerSummary,
  NetworkSummary,
  Summarizable,
  SummaryOptions,
} from './summary.ts';
