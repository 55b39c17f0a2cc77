import { checkOperators } from '../compiler/operators.ts';
import { type InputShapes, type NetworkSummary, type Summarizable, type SummaryOptions, summarizeGraph } from './summary.ts';

/**
 * The layers of a graph as it is stated, before anything is fused: what is computed from constants alone is not among them.
 * @param dims the shape of inputs that leave dimensions open; an open batch is 1 where nothing is said
 * @throws LanewiseError INVALID_INPUT for shapes that do not fit or are missing, and for options that make no sense; UNSUPPORTED, INVALID_MODEL
 */
export const summarize = (source: Summarizable, dims: InputShapes = {}, options: SummaryOptions = {}): NetworkSummary =>
  summarizeGraph(source, dims, options, checkOperators);
