import { Op } from '../../../assembly/opcodes.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { ValueType } from '../../graph/value.ts';
import type { Lowering, Node, OpenNode, Winograd } from '../operator.ts';
import { asImage, input } from '../shapes.ts';
import type { Window } from './window.ts';
import { directCost, winogradCost, winogradForms } from './winograd.ts';

/** What computes a convolution: an instruction, and its parameters. */
export type Choice =
  | { readonly op: Op.Conv | Op.Gemv | Op.DepthwiseConv }
  /** `ring`: bytes for the rows of the input. */
  | { readonly op: Op.DepthwiseRing; readonly ring: number }
  | { readonly op: Op.Winograd; readonly form: Winograd };

export interface ConvShape {
  readonly window: Window;
  readonly from: ValueType;
  readonly to: ValueType;
  readonly groups: number;
}

/** One filter per channel. */
export function isDepthwise(node: OpenNode<{ readonly group: number }>): boolean {
  const { group } = node.attributes;
  return group > 1 && group === input(node, 0).dims[1] && group === input(node, 1).dims[0];
}

/**
 * The kernel for a convolution, which may be a matrix product (a 1×1 window over a picture of one column).
 * - One filter per channel, if `node` is given: depthwise; by a ring of rows if the window allows it.
 * - By Winograd's algorithm if `node` is given, its weights are constant and a form of it costs less than the direct
 *   convolution.
 * - One pixel of a 1×1 kernel: a vector times a matrix; nothing is packed, because reading the weights takes most of the
 *   time.
 * - Everything else: implicit im2col.
 * @param node the node, if its weights are not yet packed; other convolutions have panels by groups
 */
export function chooseConvolution(shape: ConvShape, lowering: Lowering, node?: Node<{ readonly group: number }>): Choice {
  const { window, from, to } = shape;
  const [source, target] = [asImage(from.dims), asImage(to.dims)];
  if (node && isDepthwise(node)) {
    const ring = ringBytes(window);
    return ring <= RING_BYTES ? { op: Op.DepthwiseRing, ring } : { op: Op.DepthwiseConv };
  }
  const form = node && chooseForm(shape, lowering, node);
  if (form) return { op: Op.Winograd, form };
  // A padded pixel is not in memory.
  const pixels = source.batch * source.height * source.width * target.height * target.width * product(window.kernel);
  return { op: pixels === 1 && window.padBegin[0] + window.padBegin[1] === 0 ? Op.Gemv : Op.Conv };
}

/** The largest ring of rows, which should stay in a cache. */
const RING_BYTES = 256 * 1024;

/** Bytes that f32_dwconv_ring_c4 needs for its ring; infinite if it does not apply. */
function ringBytes({ kernel, stride, dilation, out }: Window): number {
  const [height, width] = kernel;
  // Over one dimension there is no second.
  const [step, pixels] = [stride[1], out[1] ?? 0];
  if (width < 3 || width % 2 === 0 || step > 2 || pixels < 5 - step || dilation[0] + dilation[1] > 2) return Number.POSITIVE_INFINITY;
  return 64 * (height * ((pixels - 1) * step + width) + 1);
}

/**
 * The form of Winograd's convolution that costs least, if that is less than the direct one. It is chosen for one picture, so
 * that a picture has the same bits in any batch. The caller's inputs may have pixels that dwarf others, which a tile of six
 * points blurs (docs/performance.md).
 */
function chooseForm({ window, groups }: ConvShape, lowering: Lowering, node: Node<unknown>): Winograd | undefined {
  const { winograd } = lowering;
  const [x, w] = [input(node, 0), input(node, 1)];
  const channels = asImage(x.dims).channels / groups;
  const plain = [...window.stride, ...window.dilation].every((n) => n === 1);
  const known = lowering.transforms || (w.constant && (!node.inputs[2] || node.inputs[2].constant));
  if (!winograd || !plain || channels % 4 !== 0 || !known) return undefined;
  const fitting = (winograd === true ? winogradForms : [winograd]).filter(({ taps }) => window.kernel.every((n) => n === taps));
  if (winograd !== true) return fitting[0];
  const { height, width } = asImage(node.outputs[0]?.dims ?? []);
  const outChannels = at(w.dims, 0) / groups;
  const direct = directCost(height * width, product(window.kernel) * channels, outChannels);
  const costs = fitting
    .filter(({ points }) => points < 6 || !lowering.isFed(x))
    .map((form) => ({ form, cost: winogradCost({ height, width, channels, outChannels }, form) }));
  const best = costs.reduce((a, b) => (b.cost < a.cost ? b : a), { form: undefined as Winograd | undefined, cost: direct });
  return best.form;
}
