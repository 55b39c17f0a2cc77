import type { Op } from '../../../assembly/opcodes.ts';
import { QuantizedMaxPoolArg, QuantizedOp } from '../../../assembly/opcodes-quantized.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import type { Node, Operator } from '../../ops/operator.ts';
import { asImage, input } from '../../ops/shapes.ts';
import { globalMaxPool, globalWindow, imagesOf, maxPool } from '../../ops/window/pool.ts';
import { resolveWindow, type Window, type WindowAttributes, windowArgs } from '../../ops/window/window.ts';
import { flipOf, isByte } from '../scales.ts';
import { dequantizeLinear } from './dequantizeLinear.ts';

/** A pool of the largest elements with a kernel for bytes. */
const ofBytes = <A>(pool: Operator<A>, windowOf: (node: Node<A>) => Window): Operator<A> => ({
  ...pool,
  pack: 'quantized',
  types: ['any'],
  lower(node, lowering) {
    const { x, y, source, target } = imagesOf(node as Node, lowering);
    lowering.emit(QuantizedOp.MaxPool as number as Op, {
      ...windowArgs(windowOf(node), x, y, source, target, asImage(x.dims).channels),
      [QuantizedMaxPoolArg.Flip]: flipOf(x.type),
    });
  },
});

/** ONNX MaxPool of bytes, by a kernel. */
export const byteMaxPool = ofBytes<WindowAttributes>(maxPool, (node) => resolveWindow(node, input(node, 0).dims));

/** GlobalMaxPool of bytes, which ONNX has for floats alone. */
export const byteGlobalMaxPool = ofBytes(globalMaxPool, globalWindow);

/**
 * MaxPool of bytes runs by its kernel, if the network has the binary for it: there is another quantized operator then. The core's
 * MaxPool runs them on the host.
 */
export const poolBytes: Pass = {
  match(node, network) {
    if (node.op.original !== (maxPool as Operator) || !isByte(input(node, 0))) return undefined;
    if (!network.nodes.some(({ op }) => op.pack === 'quantized' || op === (dequantizeLinear as Operator))) return undefined;
    return { remove: [node], insert: [{ ...node, op: byteMaxPool as Operator }] };
  },
};
