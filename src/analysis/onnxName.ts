import { operators } from '../ops/index.ts';
import type { Node } from '../ops/operator.ts';

/**
 * The ONNX name of a node's operator, whether it has kernels or runs on the host; undefined for the user's own operators,
 * whatever their names.
 */
export const onnxName = ({ op }: Node): string | undefined => (operators.get(op.name) === (op.original ?? op) ? op.name : undefined);
