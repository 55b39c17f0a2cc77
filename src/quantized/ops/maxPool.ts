import type { Op } from '../../../assembly/opcodes.ts';
import { QuantizedMaxPoolArg, QuantizedOp } from '../../../assembly/opcodes-quantized.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import type { Operator } from '../../ops/operator.ts';
import { asImage, input } from '../../ops/shapes.ts';
import { imagesOf, maxPool } from '../../ops/window/pool.ts';
import { resolveWindow, type WindowAttributes, windowArgs } from '../../ops/window/window.ts';
import { flipOf, isByte } from '../scales.ts';

/** ONNX MaxPool of bytes, by a kernel. */
export const byteMaxPool: Operator<WindowAttributes> = {
  ...maxPool,
  pack: 'quantized',
  types: ['any'],
  lower(node, lowering) {
    const { x, y, source, target } = imagesOf(node, lowering);
    lowering.emit(QuantizedOp.MaxPool as number as Op, {
      ...windowArgs(resolveWindow(node, x.dims), x, y, source, target, asImage(x.dims).channels),
      [QuantizedMaxPoolArg.Flip]: flipOf(x.type),
    });
  },
};

/**
 * MaxPool of bytes runs by its kernel, if the network has the binary for it: there is another quantized operator then. The core's
 * MaxPool runs them on the host.
 */
export const poolBytes: Pass = {
  match(node, network) {
    if (node.op.original !== (maxPool as Operator) || !isByte(input(node, 0))) return undefined;
    if (!network.nodes.some(({ op }) => op.pack === 'quantized')) return undefined;
    return { remove: [node], insert: [{ ...node, op: byteMaxPool as Operator }] };
  },
};
