import { operators } from '../ops/index.ts';
import type { Node } from '../ops/operator.ts';

/** ONNX's name of a node's operator, with its kernels or run on the host; undefined for one of the user's, whatever it is called. */
export const onnxName = ({ op }: Node): string | undefined => (operators.get(op.name) === (op.original ?? op) ? op.name : undefined);
