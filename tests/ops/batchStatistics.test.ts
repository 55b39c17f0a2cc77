// Training mode of BatchNormalization is fetched as rare operators are. Nothing here may import what would make it known before.

import { GraphBuilder } from '../../src/graph/builder.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { createModel } from '../../src/load.ts';
import { training } from '../../src/ops/norm/batchNormalization.ts';

/** Of x [1, 1, 2], by statistics of its own (mean 2, variance 1), or by those given (0 and 1). */
function graph(opset: number, attributes: Record<string, number>, outputs = 1) {
  const g = new GraphBuilder('g', opset);
  const vectors = ['scale', 'bias', 'mean', 'variance'].map((name) =>
    g.constant({ name, type: 'float32', dims: [1], read: () => Float32Array.of(name === 'scale' || name === 'variance' ? 1 : 0) }),
  );
  const [y = ''] = g.nodes('BatchNormalization', [g.input('x', [1, 1, 2]), ...vectors], outputs, { attributes, floats: { epsilon: 0 } });
  g.output('y', y);
  return g.build();
}

const run = async (...[opset, attributes, outputs]: Parameters<typeof graph>) => {
  const model = await createModel(graph(opset, attributes, outputs));
  return [...(model.runSync({ x: new Tensor('float32', [1, 3], [1, 1, 2]) }).y?.data ?? [])];
};

test('inference does without', async () => {
  for (const [opset, attributes] of [
    [15, {}],
    [15, { training_mode: 0 }],
    [9, {}],
    [6, { is_test: 1 }],
  ] as const) {
    expect(await run(opset, attributes)).toEqual([1, 3]);
  }
  expect(training.lower).toBeUndefined();
});

test.each([
  [14, { training_mode: 1 }, 1],
  [9, {}, 2],
  [6, {}, 1],
] as const)('opset %i %j with %i outputs is fetched', async (opset, attributes, outputs) => {
  delete training.lower;
  expect(await run(opset, attributes, outputs)).toEqual([-1, 1]);
  expect(training.lower).toBeDefined();
});
