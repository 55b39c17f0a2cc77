import { type Graph, readsOf } from '../graph/graph.ts';

/** How exporters name weights into which they folded a batch-norm: as values of their own, not as the parameters that they were. */
const FOLDED = /^onnx::Conv_\d+$/;

/** Convolutions of a network that would have batch-norms today. */
const DEEP = 12;

/** What will not go as one might expect with a file, which an exporter wrote. */
export function trainingWarnings({ nodes, constants }: Graph): string[] {
  const convolutions = nodes.filter(({ op }) => op === 'Conv');
  const normalised = nodes.some(({ op }) => /Normalization$/.test(op));
  const isConstant = (name: string | undefined) => name !== undefined && constants.has(name);
  const residual = nodes.some((node) => node.op === 'Add' && readsOf(node).every((name) => !isConstant(name)));
  const biased = convolutions.every(({ inputs }) => isConstant(inputs[2]));
  const folded = convolutions.some(({ inputs: [, weights = ''] }) => FOLDED.test(weights)) || (residual && convolutions.length >= DEEP);
  if (normalised || !biased || !folded) return [];
  return [
    'the batch-norms of this file seem to be folded into its convolutions, as exporters do for inference: it learns without them. Export for training to keep them (torch.onnx.export: training=TrainingMode.TRAINING, do_constant_folding=False)',
  ];
}
