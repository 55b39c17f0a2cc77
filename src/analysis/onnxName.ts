import { operators } from '../ops/index.ts';
import type { Node } from '../ops/operator.ts';

/**
 * ONNX's name of a node's operator; undefined for one of the user's, whatever it is called. What runs on the host is a copy of the operator,
 * so the range of opsets is what is compared, which no other operator shares.
 */
export const onnxName = ({ op: { name, opsets } }: Node): string | undefined => (operators.get(name)?.opsets === opsets ? name : undefined);
