import type { Value } from '../../src/graph/value.ts';
import { adamw, type Optimizer, sgd } from '../../src/training/index.ts';
import { accumulate, average, clear } from '../../src/training/ops/update.ts';
import { array, type NdArray, random } from '../reference/index.ts';
import { difference, runTape, state } from './states.ts';
import { torchTests } from './torch.ts';

const shapes = [[1], [3], [2, 2], [5], [17], [4097], [3, 4, 3, 5]];
const STEPS = 20;
const weights = shapes.map((dims, i) => random(dims, i + 1));
const gradients = Array.from({ length: STEPS }, (_, step) => shapes.map((dims, i) => random(dims, 100 * step + i + 50)));
const rates = Array.from({ length: STEPS }, (_, step) => 0.1 / (1 + step));
const FACTOR = 0.625;

interface Given {
  readonly optimizer: Optimizer;
  readonly decays?: boolean;
  readonly factor?: number;
}

/** The weights after some steps in one plan, and what is kept beside them. */
const trained = ({ optimizer, decays = true, factor }: Given): NdArray[] =>
  runTape((tape, input) => {
    let held = weights.map((weight, i) => [
      state(`w${i}`, weight),
      ...optimizer.slots.map((slot) => state(`${slot}${i}`, array(weight.dims))),
    ]);
    const by = factor === undefined ? undefined : input(array([1], [factor]));
    for (let step = 1; step <= STEPS; step++) {
      const numbers = input(array([optimizer.size], optimizer.numbers(rates[step - 1]!, step)));
      held = held.map(([weight, ...slots], i) => {
        const gradient = input(gradients[step - 1]![i]!);
        return [...optimizer.update(tape, { weight: weight as Value, gradient, slots, decays }, numbers, by)];
      });
    }
    return [0, ...optimizer.slots.map((_, i) => i + 1)].flatMap((at) => held.map((values) => values[at] as Value));
  });

/** In float64; `step` changes w and slots of one element. */
function reference(slots: number, factor: number, update: (w: number, g: number, slots: number[], rate: number, step: number) => number) {
  const results = weights.map(({ dims, data }, i) => {
    const held = Array.from(data, (w) => ({ w, slots: new Array<number>(slots).fill(0) }));
    gradients.forEach((all, step) => {
      held.forEach((one, j) => {
        one.w = update(one.w, factor * all[i]!.data[j]!, one.slots, rates[step]!, step + 1);
      });
    });
    const read = (get: (one: { w: number; slots: number[] }) => number) => array(dims, held.map(get));
    return [read(({ w }) => w), ...Array.from({ length: slots }, (_, at) => read((one) => one.slots[at]!))];
  });
  return [0, ...Array.from({ length: slots }, (_, i) => i + 1)].flatMap((at) => results.map((values) => values[at]!));
}

interface SgdNumbers {
  momentum?: number;
  nesterov?: boolean;
  dampening?: number;
  weightDecay?: number;
}

const sgdReference = ({ momentum = 0, nesterov = false, dampening = 0, weightDecay = 0 }: SgdNumbers, factor = 1) =>
  reference(momentum ? 1 : 0, factor, (w, g, slots, rate, step) => {
    const d = g + weightDecay * w;
    if (!momentum) return w - rate * d;
    slots[0] = step === 1 ? d : momentum * slots[0]! + (1 - dampening) * d;
    return w - rate * (nesterov ? d + momentum * slots[0]! : slots[0]!);
  });

const adamwReference = ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 }, factor = 1) =>
  reference(2, factor, (w, g, slots, rate, step) => {
    slots[0] = beta1 * slots[0]! + (1 - beta1) * g;
    slots[1] = beta2 * slots[1]! + (1 - beta2) * g * g;
    const m = slots[0]! / (1 - beta1 ** step);
    const v = slots[1]! / (1 - beta2 ** step);
    return w - rate * weightDecay * w - (rate * m) / (Math.sqrt(v) + epsilon);
  });

const sgdCases: SgdNumbers[] = [
  {},
  { weightDecay: 0.1 },
  { momentum: 0.9 },
  { momentum: 0.9, weightDecay: 0.1 },
  { momentum: 0.9, nesterov: true, weightDecay: 0.1 },
  { momentum: 0.7, dampening: 0.5, weightDecay: 0.1 },
];
const adamwCases = [{}, { beta1: 0.5, beta2: 0.9, epsilon: 1e-2, weightDecay: 0.1 }, { beta1: 0, weightDecay: 0 }];

test.each(sgdCases)('sgd(%j)', (options) => {
  expect(difference(trained({ optimizer: sgd(options) }), sgdReference(options))).toBeLessThan(1e-6);
  expect(difference(trained({ optimizer: sgd(options), factor: FACTOR }), sgdReference(options, FACTOR))).toBeLessThan(1e-6);
});

test.each(adamwCases)('adamw(%j)', (options) => {
  expect(difference(trained({ optimizer: adamw(options) }), adamwReference(options))).toBeLessThan(1e-6);
  expect(difference(trained({ optimizer: adamw(options), factor: FACTOR }), adamwReference(options, FACTOR))).toBeLessThan(1e-6);
});

test('what does not decay does not', () => {
  expect(difference(trained({ optimizer: sgd({ weightDecay: 0.1 }), decays: false }), sgdReference({}))).toBeLessThan(1e-6);
  const undecayed = adamwReference({ weightDecay: 0 });
  expect(difference(trained({ optimizer: adamw({ weightDecay: 0.1 }), decays: false }), undecayed)).toBeLessThan(1e-6);
  expect([sgd(), adamw(), sgd({ decayAll: true }), adamw({ decayAll: true })].map(({ decaysAll }) => decaysAll)).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

const camel: Record<string, string> = { weightDecay: 'weight_decay', epsilon: 'eps' };
const value = (given: unknown) => (given === true ? 'True' : `${given}`);

/** The same in PyTorch, from its float32. */
const torchCase = (name: string, optimizer: Optimizer, type: string, options: object) => {
  const { beta1, beta2, ...rest } = { beta1: 0.9, beta2: 0.999, ...options };
  const given = Object.entries(rest).map(([key, entry]) => `${camel[key] ?? key}=${value(entry)}`);
  if (type === 'AdamW') given.push(`betas=(${beta1}, ${beta2})`);
  const count = shapes.length;
  const code = `
weights = [torch.nn.Parameter(v.clone()) for v in x[:${count}]]
optimizer = torch.optim.${type}(weights, lr=1, ${given.join(', ')})
for step, rate in enumerate([${rates.join(', ')}]):
    optimizer.param_groups[0]["lr"] = rate
    for i, w in enumerate(weights):
        w.grad = x[${count} * (step + 1) + i].clone()
    optimizer.step()
(*weights, *[optimizer.state[w][slot] for slot in ${JSON.stringify(optimizer.slots)} for w in weights])`;
  const inputs = [...weights, ...gradients.flat()];
  return { name, optimizer, code, inputs, constants: inputs.map((_, i) => i), type: 'float32' as const };
};

torchTests(
  'torch.optim',
  [
    ...sgdCases.map((options) => torchCase(`SGD ${JSON.stringify(options)}`, sgd(options), 'SGD', options)),
    ...adamwCases.map((options) => torchCase(`AdamW ${JSON.stringify(options)}`, adamw(options), 'AdamW', options)),
  ],
  ({ optimizer }, { outputs }) => expect(difference(trained({ optimizer }), outputs)).toBeLessThan(1e-6),
);

test('averages and sums of values', () => {
  for (const dims of shapes) {
    const [first, value] = [random(dims, 1), random(dims, 2)];
    const made = runTape((tape, input) => {
      const [given, factor] = [input(value), input(array([1], [0.25]))];
      const sum = tape.add(accumulate, [state('sum', first), given, factor], {});
      const moved = tape.add(average, [state('average', first), given, factor], {});
      const still = tape.add(average, [state('still', value), given, factor], {});
      const cleared = tape.add(
        clear,
        [
          state(
            'cleared',
            array(
              dims,
              first.data.map(() => Number.NaN),
            ),
          ),
        ],
        {},
      );
      return [sum, moved, still, cleared];
    });
    const expected = [
      first.data.map((s, i) => s + 0.25 * value.data[i]!),
      first.data.map((s, i) => 0.75 * s + 0.25 * value.data[i]!),
      value.data,
      first.data.map(() => 0),
    ].map((data) => array(dims, data));
    expect(difference(made, expected)).toBeLessThan(1e-6);
    expect(made[2]).toEqual(value);
    expect(made[3]).toEqual(array(dims));
  }
});

test('gradients of several batches are summed, used and forgotten in one plan', () => {
  const optimizer = sgd();
  for (const dims of shapes) {
    const [weight, first, second] = [random(dims, 1), random(dims, 2), random(dims, 3)];
    const [updated, cleared] = runTape((tape, input) => {
      const half = input(array([1], [0.5]));
      const sum = [first, second].reduce((sum, part) => tape.add(accumulate, [sum, input(part), half], {}), state('sum', array(dims)));
      const numbers = input(array([optimizer.size], optimizer.numbers(0.25, 1)));
      const learned = { weight: state('weight', weight), gradient: sum, slots: [], decays: true };
      return [...optimizer.update(tape, learned, numbers, undefined), tape.add(clear, [sum], {})];
    });
    const mean = weight.data.map((w, i) => w - 0.125 * (first.data[i]! + second.data[i]!));
    expect(difference([updated!], [array(dims, mean)])).toBeLessThan(1e-6);
    expect(cleared).toEqual(array(dims));
  }
});

test.each<[() => unknown, string]>([
  [() => sgd({ momentum: 1 }), 'option momentum takes a number from 0 to below 1, got 1'],
  [() => sgd({ momentum: Number.NaN }), 'option momentum takes a number from 0 to below 1, got NaN'],
  [() => sgd({ dampening: -1 }), 'option dampening takes a number from 0 to 1, got -1'],
  [() => sgd({ weightDecay: Number.POSITIVE_INFINITY }), 'option weightDecay takes a finite number from 0 on, got Infinity'],
  [() => sgd({ nesterov: true }), 'nesterov needs momentum above 0 and dampening 0'],
  [() => sgd({ nesterov: true, momentum: 0.9, dampening: 0.1 }), 'nesterov needs momentum above 0 and dampening 0'],
  [() => sgd({ decay: 1 } as never), "sgd has no option 'decay'"],
  [() => adamw({ beta1: 1 }), 'option beta1 takes a number from 0 to below 1, got 1'],
  [() => adamw({ beta2: '0.9' as never }), "option beta2 takes a number from 0 to below 1, got '0.9'"],
  [() => adamw({ epsilon: 0 }), 'option epsilon takes a finite number from 1e-38 on, got 0'],
  [() => adamw({ decayAll: 1 as never }), 'option decayAll takes true or false, got 1'],
  [() => adamw(3 as never), 'the options of adamw are an object, got 3'],
])('%s is refused', (make, message) =>
  expect(make).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(message) })),
);
