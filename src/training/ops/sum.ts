import { ReduceKind } from '../../../assembly/opcodes.ts';
import { emitReduce } from '../../ops/emit.ts';
import { folded, plus, reduction } from '../../ops/reduce/reduce.ts';

/** ONNX ReduceSum of floats, without the chunk of rare operators. */
export const sum = reduction({
  name: 'ReduceSum',
  lower: (lowering, output, x, axes) => emitReduce(lowering, ReduceKind.Sum, output, x, axes),
  compute: (node, x) => folded(node, x, { start: () => 0, step: plus }),
});
