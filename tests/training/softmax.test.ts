import { bind } from '../../src/compiler/bind.ts';
import { planOf } from '../../src/compiler/compile.ts';
import { Network } from '../../src/compiler/network.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Value } from '../../src/graph/value.ts';
import { differentiate } from '../../src/training/differentiate.ts';
import { graphOf } from '../kernels/graph.ts';
import { expectClose, runPlan } from '../kernels/run.ts';
import { array, type NdArray, random, softmax, softmaxBefore13 } from '../reference/index.ts';
import { backwardPlan, expectGradients } from './gradients.ts';
import { torchTests } from './torch.ts';

const logOf = (x: NdArray) => array(x.dims, x.data.map(Math.log));
const references = { Softmax: (x: NdArray) => x, LogSoftmax: logOf };

describe.each(['Softmax', 'LogSoftmax'] as const)('%s', (op) => {
  test.each([
    [[1], 0],
    [[7], -1],
    [[3, 4], 1],
    [[4, 17], 1],
    [[17, 4], 0],
    [[1, 300], 1],
    [[2, 3, 5], 1],
    [[2, 8, 1, 1], 1],
    [[2, 5, 3, 3], 1],
    [[2, 5, 3, 3], 2],
    [[2, 5, 3, 3], -1],
    [[2, 5, 3, 3], 0],
  ])('of %j along %d', (dims, axis) => {
    const inputs = [random(dims, 1, -3, 3)];
    expectGradients({ op, attributes: { axis }, inputs, reference: ([x]) => references[op](softmax(x!, axis)) });
  });

  test.each([
    [[2, 3, 5], 1],
    [[2, 3, 5], 2],
    [[2, 3, 5], 0],
    [[4, 7], -1],
  ])('of %j from %d on, up to opset 12', (dims, axis) => {
    const inputs = [random(dims, 1, -3, 3)];
    expectGradients({ op, opset: 12, attributes: { axis }, inputs, reference: ([x]) => references[op](softmaxBefore13(x!, axis)) });
  });

  // One large logit, and many.
  const [peak, many] = [random([2, 5], 1, -3, 3), random([1, 5000], 2, -3, 3)];
  peak.data[3] = 200;
  torchTests(
    `${op} as PyTorch has it`,
    [peak, many].map((x) => ({
      name: `${x.dims}`,
      code: `F.${op === 'Softmax' ? 'softmax' : 'log_softmax'}(x[0], 1)`,
      inputs: [x],
      seeds: [random(x.dims, 99)],
    })),
    ({ inputs: [x], seeds: [seed] }, { gradients }) => {
      const plan = backwardPlan(
        { inputs: { x: x!.dims }, nodes: [{ op, inputs: ['x'], attributes: { axis: 1 } }] },
        { x: x! },
        ['x'],
        x!.dims,
      );
      const largest = Math.max(...Array.from(gradients[0]!.data, Math.abs));
      expectClose(runPlan(plan, { x: x!, seed: seed! })[0]!, gradients[0]!, 1e-6 * largest);
    },
  );

  test.each([1, 2, 3])('along %d of a picture that lies channels last', (axis) => {
    const x = random([2, 3, 4, 3], 4);
    const { network } = bind(
      graphOf({
        inputs: { x: x.dims },
        constants: { w: random([5, 3, 1, 1], 3) },
        nodes: [
          { op: 'Conv', inputs: ['x', 'w'], outputs: ['logits'] },
          { op, inputs: ['logits'], attributes: { axis }, outputs: ['y'] },
        ],
      }),
      { dims: new Map([['x', x.dims]]) },
    );
    const [conv, node] = network.nodes;
    const [logits, y] = [conv?.outputs[0] as Value, node?.outputs[0] as Value];
    const seed: Value = { name: 'seed', type: 'float32', dims: y.dims };
    const { nodes, gradients } = differentiate([node!], new Map([[y, seed]]), [logits]);
    const outputs = [logits, gradients.get(logits) as Value];
    const whole = new Network([...network.inputs, seed], outputs, [...network.nodes, ...nodes]);
    const plan = planOf({ network: whole, names: ['logits', 'gradient'] }, { dims: new Map(), verify });
    const dy = random(y.dims, 5);
    const [given, gradient] = runPlan(plan, { x, seed: dy });
    const alone = backwardPlan(
      { inputs: { x: y.dims }, nodes: [{ op, inputs: ['x'], attributes: { axis } }] },
      { x: given! },
      ['x'],
      y.dims,
    );
    expectClose(gradient!, runPlan(alone, { x: given!, seed: dy })[0]!, 1e-6);
  });
});
