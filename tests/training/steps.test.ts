// Whole networks against PyTorch: one step, weight by weight, and the losses of many.

import { Tensor } from '../../src/graph/tensor.ts';
import type { LayersModel } from '../../src/layers/index.ts';
import { cosine, crossEntropy, sgd, trainer } from '../../src/training/index.ts';
import { random } from '../reference/index.ts';
import { lacking } from '../skip.ts';
import { networks } from './networks.ts';
import { present, python } from './torch.ts';
import { type TorchTraining, torchTrain } from './torchTrain.ts';

/** A network with batches of random pictures. */
function problem(name: keyof typeof networks, [batches, ...dims]: readonly [number, number, ...number[]], seed: number): TorchTraining {
  const network = networks[name]({ classes: 10, inputShape: dims.slice(1), seed });
  const pictures = Float32Array.from(random([batches, ...dims], 3).data);
  const labels = Int32Array.from({ length: batches * dims[0] }, (_, i) => (7 * i + Math.floor(i / 3)) % 10);
  return {
    name,
    network,
    pictures: new Tensor('float32', pictures, [batches, ...dims]),
    labels: new Tensor('int32', labels, [batches, dims[0]]),
  };
}

/** The batch of a step. */
function batchOf({ pictures, labels }: TorchTraining, step: number): [Tensor, Int32Array] {
  const [, count = 0, ...dims] = pictures.dims;
  const size = pictures.data.length / (pictures.dims[0] as number);
  return [
    new Tensor('float32', pictures.data.slice(step * size, (step + 1) * size), [count, ...dims]),
    labels.data.slice(step * count, (step + 1) * count),
  ];
}

/** The network without dropout, whose random numbers are other ones in PyTorch. */
function withoutDropout(network: LayersModel): LayersModel {
  const graph = network.graph();
  const nodes = graph.nodes.map((node) => (node.op === 'Dropout' ? { ...node, op: 'Identity', inputs: node.inputs.slice(0, 1) } : node));
  return {
    graph: () => ({ ...graph, nodes }),
    parameters: () => network.parameters(),
    buffers: () => network.buffers(),
    operators: [],
  } as unknown as LayersModel;
}

function largest(data: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i] as number));
  return most;
}

/** The largest difference. NaN if there is one. */
function apart(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let most = 0;
  for (let i = 0; i < expected.length; i++) most = Math.max(most, Math.abs((actual[i] as number) - (expected[i] as number)));
  return most;
}

const RATE = 0.1;
const DECAY = 1e-3;
/** The options of both sides. */
const ours = {
  loss: crossEntropy({ smoothing: 0.1 }),
  optimizer: sgd({ momentum: 0.9, nesterov: true, weightDecay: DECAY, decayAll: true }),
};
const theirs = `--lr ${RATE} --momentum 0.9 --nesterov --weight-decay ${DECAY} --decay-all --label-smoothing 0.1`.split(' ');

/**
 * A step of ours and PyTorch's in float64. Differences of gradients and of weights are relative to the largest number of each
 * weight's gradient, because the numbers of one gradient have a scale in common, whereas small ones among them are what remains
 * of large terms; weights may be rounded beside.
 */
async function step(name: keyof typeof networks, dims: readonly [number, ...number[]], seed: number) {
  const given = problem(name, [1, ...dims], seed);
  const expected = torchTrain(given, [...theirs, '--steps', '1', '--float64'], ['gradients', 'out']);
  const t = await trainer(withoutDropout(given.network), { ...ours, batch: dims[0], rate: RATE });
  const before = await t.weights();
  const { loss } = await t.step(...batchOf(given, 0));
  const [after, states] = [await t.weights(), await t.states()];
  t.dispose();

  expect(Math.abs(loss / (expected.losses[0] as number) - 1)).toBeLessThan(1e-5);
  const [gradients, out] = [expected.files.gradients!, expected.files.out!];
  expect([...after.keys()].sort()).toEqual([...out.keys()].sort());
  expect([...gradients.keys()].sort()).toEqual(
    given.network
      .parameters()
      .map(({ name }) => name)
      .sort(),
  );
  const overall = Math.max(...[...gradients.values()].map(({ data }) => largest(data)));
  const errors = [...out].map(([weight, { data }]) => {
    const now = after.get(weight)!.data;
    const gradient = gradients.get(weight)?.data;
    // Statistics of batch-norms.
    if (!gradient) return { weight, error: apart(now, data) / largest(data) };
    // What a batch-norm takes away again, such as the shift of the one before, has a gradient of 0 but for rounding.
    const scale = largest(gradient) > 1e-12 * overall ? largest(gradient) : overall;
    const old = before.get(weight)!.data;
    const decayed = gradient.map((value, i) => value + DECAY * (old[i] as number));
    const rounding = 2 ** -23 * largest(old);
    return {
      weight,
      error: Math.max(
        apart(states.get(`training:momentum_buffer:${weight}`)!.data, decayed) / scale,
        Math.max(0, apart(now, data) - rounding) / (RATE * scale),
      ),
    };
  });
  expect(errors.filter(({ error }) => !(error < 1e-4))).toEqual([]);
}

/**
 * The losses of steps in which errors grow: ours may be as far from PyTorch's in float32 as another order of sums brings it. Where
 * an activation lies so near to 0 that rounding decides its sign, a loss changes by more than rounding; it may be ours or PyTorch's
 * that meets one first, so that the middle one of several networks counts.
 */
async function losses() {
  const steps = 50;
  const ratios: number[] = [];
  for (const seed of [1, 2, 3]) {
    const given = problem('resnet20', [steps, 8, 3, 16, 16], seed);
    const args = [...theirs, '--steps', `${steps}`, '--cosine'];
    const [single, double] = [torchTrain(given, args).losses, torchTrain(given, [...args, '--float64']).losses];
    // PyTorch's convolutions of float32 are direct ones; Winograd's have larger errors.
    const t = await trainer(given.network, { ...ours, batch: 8, winograd: false });
    const made: number[] = [];
    const batches = Array.from({ length: steps }, (_, i) => batchOf(given, i));
    await t.fit(batches, { epochs: 1, schedule: cosine(RATE), onStep: ({ loss }) => made.push(loss) });
    t.dispose();
    expect(made).toHaveLength(steps);
    const distance = (a: readonly number[], b: readonly number[]) =>
      Math.sqrt(a.reduce((sum, loss, i) => sum + (loss - (b[i] as number)) ** 2, 0) / steps);
    ratios.push(distance(made, single) / distance(single, double));
  }
  expect(ratios.sort((a, b) => a - b)[1]).toBeLessThan(2);
}

if (!present) lacking('steps of networks in PyTorch', `${python} has no torch (Debian: python3-torch; or set TORCH_PYTHON)`);
else {
  test.each([
    ['lenet', [4, 1, 28, 28], 7],
    ['resnet20', [4, 3, 32, 32], 7],
    ['densenet40', [4, 3, 16, 16], 7],
    ['alexnet2012', [2, 3, 67, 67], 7],
    ['mobilenet_v2', [4, 3, 96, 96], 5],
  ] as const)('a step of %s', step, 300_000);
  test('the losses of 50 steps of resnet20', losses, 900_000);
}
