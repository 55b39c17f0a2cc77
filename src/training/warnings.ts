import { type Graph, readsOf } from '../graph/graph.ts';

/** How exporters name weights into which they folded a batch-norm: as values of their own, not as the parameters that they were. */
const FOLDED = /^onnx::Conv_\d+$/;

/** Operators that give all elements of their first input. */
const whole: ReadonlySet<string> = new Set(['Cast', 'Flatten', 'Identity', 'Reshape', 'Squeeze', 'Transpose', 'Unsqueeze']);

/**
 * Weights that are the same in the file, one as it is and one transposed: they are computed from it once, and then each learns.
 * @param names of what learns
 */
export function tiedWarnings({ nodes, constants }: Graph, names: Iterable<string>): string[] {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const rootOf = (name: string): string => {
    const maker = constants.has(name) ? undefined : makers.get(name);
    return maker && whole.has(maker.op) ? rootOf(maker.inputs[0] ?? '') : name;
  };
  const first = new Map<string, string>();
  return [...names].flatMap((name) => {
    const root = rootOf(name);
    const other = first.get(root);
    if (other === undefined) first.set(root, name);
    return other === undefined ? [] : [`'${other}' and '${name}' have the same numbers in the file, '${root}', but each learns by itself`];
  });
}

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
