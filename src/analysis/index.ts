// The arithmetic of networks: shapes, parameters, multiply-accumulates, memory, receptive fields; of whole graphs and of single layers.

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
export {
  type InputShapes,
  type InputSummary,
  type LayerSummary,
  type NetworkSummary,
  type Summarizable,
  type SummaryOptions,
  summarize,
} from './summary.ts';
