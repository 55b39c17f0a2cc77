import { at } from '../../graph/at.ts';
import { pad, padsOf } from '../../ops/move/pad.ts';
import type { Node } from '../../ops/operator.ts';
import { ConvInput, conv } from '../../ops/window/conv.ts';
import { averagePool } from '../../ops/window/pool.ts';
import type { WindowAttributes } from '../../ops/window/window.ts';
import { as } from '../network.ts';
import { numberOf } from './constants.ts';
import type { Pass } from './pass.ts';

/** A Pad with zeros before a convolution, or before an average that has no padding of its own, becomes its padding. */
export const fusePad: Pass = {
  match(node, network) {
    const windowed = as<WindowAttributes>(node, conv, averagePool);
    const before = as(network.privateProducer(node.inputs[0], node), pad);
    if (!windowed || !before) return undefined;
    // A convolution that scales its input as it packs would shift the zeros.
    if (node.inputs[ConvInput.Scale]) return undefined;
    const { attributes } = windowed;
    const averages = node.op === averagePool;
    const { mode, given } = before.attributes;
    const value = before.inputs[2] ? numberOf(before.inputs[2]) : (given?.value ?? 0);
    if (mode !== 'constant' || value !== 0 || attributes.autoPad.startsWith('SAME')) return undefined;
    const [batch, channels, ...spatial] = padsOf(before);
    if ([batch, channels].some((pair) => pair?.some((count) => count !== 0)) || spatial.some(([b, e]) => b < 0 || e < 0)) return undefined;
    const own = attributes.autoPad === 'VALID' ? [] : (attributes.pads ?? []);
    // A pool's attribute decides whether taps in its own padding count; those in the Pad always count.
    if (averages && (attributes.ceilMode || own.some((count) => count !== 0))) return undefined;
    const rank = spatial.length;
    // Without `pads` there is nothing to add to.
    const pads = [0, 1].flatMap((side) => spatial.map((pair, axis) => at(pair, side) + (own[axis + side * rank] ?? 0)));
    const padded = { ...attributes, autoPad: 'NOTSET', pads, ...(averages && { countIncludePad: true }) };
    const fused: Node = { ...node, attributes: padded, inputs: [before.inputs[0], ...node.inputs.slice(1)] };
    return { remove: [before, node], insert: [fused] };
  },
};
