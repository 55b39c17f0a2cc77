import { operators } from '../ops/index.ts';
import type { Node } from '../ops/operator.ts';

/**
 * ONNX's name of a node's operator; undefined for one of the user's, whatever it is called. What runs on the host is a copy of the operator,
 * so a function of it is what is compared, which no operator of the user's shares.
 */
export const onnxName = ({ op: { name, inferShape } }: Node): string | undefined =>
  operators.get(name)?.inferShape === inferShape ? name : undefined;
