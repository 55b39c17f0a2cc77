import type { LrnAttributes } from '../../../ops/norm/lrn.ts';
import { input } from '../../../ops/shapes.ts';
import { lrnGradient } from '../../ops/lrnGradient.ts';
import type { Rule } from '../rule.ts';

export const lrnRule: Rule<LrnAttributes> = (node, [dy], tape) => [tape.add(lrnGradient, [input(node, 0), dy], node.attributes)];
