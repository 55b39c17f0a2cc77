// What is known of operators apart from them, because it would be downloaded with every page or may not be imported: it is known of every operator.

import fc from 'fast-check';
import { parametersOf } from '../../src/analysis/parameters.ts';
import { ruledOperators } from '../../src/analysis/reach.ts';
import { addOperators } from '../../src/compiler/operators.ts';
import { statedOutputs } from '../../src/formats/onnx/outputs.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import type { Value } from '../../src/graph/value.ts';
import type { Node, Operator } from '../../src/ops/operator.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { Choices } from '../ops/choices.ts';
import { operatorNames, plausibleNode } from '../ops/nodes.ts';
import { graphFor, outcomeOf } from '../ops/outcome.ts';

const operators = addOperators();

test('of every operator it is known what its outputs see (src/analysis/reach.ts), and of none in two ways', () => {
  const elementwise = [...operators.values()].flatMap((op) => (op.elementwise ? [op.name] : []));
  expect([...elementwise, ...ruledOperators].sort()).toEqual([...operators.keys()].sort());
});

addQuantized();

/** Of these a file's own graph does not tell how many dimensions the output has. */
const untold =
  'CastLike ConstantOfShape Expand Gather GatherElements GridSample NonMaxSuppression NonZero Range Size Split Squeeze TopK Unsqueeze';

test.each(operatorNames)(
  'the output of %s that the ONNX writer states (src/formats/onnx/outputs.ts) is that which is computed',
  async (op) => {
    let told = 0;
    const property = fc.asyncProperty(fc.gen(), async (g) => {
      const node = plausibleNode(op, new Choices((min, max) => g(fc.integer, { min, max })));
      const outcome = await outcomeOf(node);
      const [stated] = statedOutputs(graphFor(node).graph);
      if (!('tensors' in outcome) || !stated?.dims) return;
      const [{ type, dims }] = outcome.tensors as [Tensor];
      expect([JSON.stringify(node.attributes), stated.type, stated.dims.length]).toEqual([
        JSON.stringify(node.attributes),
        type,
        dims.length,
      ]);
      told++;
    });
    await fc.assert(property, { seed: 1, numRuns: 12 });
    expect([op, told > 0]).toEqual([op, !untold.split(' ').includes(op)]);
  },
);

/** Operators of several inputs of which none is learned, beside the element-wise ones. */
const unlearned =
  'And CastLike Concat DequantizeLinear Dropout Equal GatherElements Greater GreaterOrEqual GridSample Less LessOrEqual NonMaxSuppression Or Pad QuantizeLinear Where Xor';

test('of every operator of several inputs it is known which are learned (src/analysis/parameters.ts)', () => {
  const constant = { constant: {}, fixed: true, type: 'float32', dims: [2] } as unknown as Value;
  const learns = (op: Operator) => parametersOf({ op, inputs: new Array(9).fill(constant) } as unknown as Node).length > 0;
  const asked = [...operators.values()].filter(({ inputs: [, most], constantInputs = [], elementwise }) => {
    return !elementwise && most > 1 + constantInputs.length;
  });
  expect(asked.flatMap((op) => (learns(op) ? [] : [op.name])).sort()).toEqual(unlearned.split(' '));
});
