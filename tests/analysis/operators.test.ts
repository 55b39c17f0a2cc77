import { elementwiseOperators, ruledOperators } from '../../src/analysis/reach.ts';
import { addOperators } from '../../src/compiler/operators.ts';

const operators = addOperators();

test('of every operator it is known what its outputs see, and of none in two ways', () => {
  expect([...elementwiseOperators, ...ruledOperators].sort()).toEqual([...operators.keys()].sort());
});
