import { checkOperators } from '../compiler/operators.ts';
import { addQuantized } from '../quantized/index.ts';
import { type InputShapes, type NetworkSummary, type Summarizable, type SummaryOptions, summarizeGraph } from './summary.ts';

/**
 * The layers of a graph as stated, before anything is fused, without those that are computed from constants alone.
 * @param source a graph, such as `readOnnx` gives, or a network of layers
 * @param dims the shape of inputs with open dimensions; an open batch is 1 by default
 * @param options a memory limit, the elements of inputs that shapes depend on, custom operators
 * @throws LanewiseError INVALID_INPUT for shapes that do not fit or are missing, and for options that make no sense;
 *   UNSUPPORTED, INVALID_MODEL
 * @example
 * import { summarize } from 'lanewise/analysis';
 * import { resnet18 } from 'lanewise/zoo';
 *
 * summarize(resnet18()).macs; // 1816557056
 */
export const summarize = (source: Summarizable, dims: InputShapes = {}, options: SummaryOptions = {}): NetworkSummary =>
  summarizeGraph(source, dims, options, (graph, custom) => {
    addQuantized();
    checkOperators(graph, custom);
  });
