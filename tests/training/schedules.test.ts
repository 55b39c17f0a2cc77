import { constant, cosine, type Schedule, steps } from '../../src/training/index.ts';
import { rateAt } from '../../src/training/schedules.ts';
import { torchTests } from './torch.ts';

/** The rates of all steps. */
const rates = (schedule: number | Schedule, epochs: number, perEpoch: number): number[] =>
  Array.from({ length: epochs * perEpoch }, (_, position) => rateAt(schedule, position, perEpoch, epochs));

const near = (actual: readonly number[], expected: readonly number[]) => {
  expect(actual).toHaveLength(expected.length);
  for (const [i, rate] of actual.entries()) expect(rate).toBeCloseTo(expected[i]!, 14);
};

test('a constant rate, and a number for it', () => {
  expect(rates(constant(0.25), 2, 2)).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(rates(0.25, 1, 2)).toEqual([0.25, 0.25]);
});

test('the warm-up begins with a part of the rate and ends with the whole', () => {
  near(rates(constant(0.8, { warmup: 1 }), 2, 4), [0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.8, 0.8]);
  // Two and a half steps: the third would have 3 / 2.5 of the rate.
  near(rates(constant(1, { warmup: 0.625 }), 1, 4), [0.4, 0.8, 1, 1]);
  near(rates(constant(1, { warmup: 0.1 }), 1, 4), [1, 1, 1, 1]);
  near(rates(constant(1, { warmup: 8 }), 1, 4), [1 / 32, 2 / 32, 3 / 32, 4 / 32]);
});

test('steps change the rate in the first step of an epoch', () => {
  near(rates(steps(1, { at: [1, 3], factor: 0.5 }), 4, 3), [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
  near(rates(steps(1, { at: [0.5] }), 1, 4), [1, 1, 0.1, 0.1]);
  near(rates(steps(1, { at: [1], warmup: 2, factor: 0.5 }), 3, 2), [0.25, 0.5, 0.375, 0.5, 0.5, 0.5]);
  expect(rates(steps(1, { at: [] }), 1, 2)).toEqual([1, 1]);
});

test('epochs are reached exactly, however many steps they have', () => {
  for (let perEpoch = 1; perEpoch < 1000; perEpoch++) {
    const schedule = steps(1, { at: [82] });
    expect(rateAt(schedule, 82 * perEpoch, perEpoch, 164)).toBe(0.1);
    expect(rateAt(schedule, 82 * perEpoch - 1, perEpoch, 164)).toBe(1);
  }
});

test('the list of epochs is copied', () => {
  const at = [1];
  const schedule = steps(1, { at });
  at[0] = 2;
  expect(schedule(1, 3, 1)).toBe(0.1);
});

test('half a cosine', () => {
  const cosines = (count: number, rate: number, min: number) =>
    Array.from({ length: count }, (_, i) => min + ((rate - min) * (1 + Math.cos((Math.PI * i) / count))) / 2);
  near(rates(cosine(0.1), 5, 7), cosines(35, 0.1, 0));
  near(rates(cosine(0.1, { min: 0.01 }), 5, 7), cosines(35, 0.1, 0.01));
  near(rates(cosine(0.1, { warmup: 1 }), 4, 2), [0.05, 0.1, ...cosines(6, 0.1, 0)]);
  expect(cosine(0.1)(0, 3, 0.1)).toBe(0.1);
  expect(cosine(0.1)(3, 3, 0.1)).toBe(0);
  expect(cosine(0.1, { min: 0.1 })(1.5, 3, 0.1)).toBe(0.1);
});

test('a warm-up that is as long as training', () => {
  near(rates(cosine(1, { warmup: 1 }), 1, 2), [0.5, 1]);
  near(rates(cosine(1, { warmup: 2 }), 1, 2), [0.25, 0.5]);
});

test.each<[string, () => unknown, string]>([
  ['NaN', () => constant(Number.NaN), 'a learning rate is a finite number from 0 on, got NaN'],
  ['a negative rate', () => cosine(-1), 'a learning rate is a finite number from 0 on, got -1'],
  ['Infinity', () => steps(Number.POSITIVE_INFINITY, { at: [1] }), 'a learning rate is a finite number from 0 on, got Infinity'],
  ['a text', () => constant('0.1' as never), "a learning rate is a finite number from 0 on, got '0.1'"],
  ['no epochs', () => steps(1, {} as never), 'steps needs at, the epochs before which the rate changes'],
  ['no options', () => steps(1, undefined as never), 'the options of steps are an object, got undefined'],
  ['epochs that descend', () => steps(1, { at: [2, 1] }), 'option at takes ascending epochs above 0, got [2, 1]'],
  ['epoch 0', () => steps(1, { at: [0] }), 'option at takes ascending epochs above 0, got [0]'],
  ['factor 0', () => steps(1, { at: [1], factor: 0 }), 'option factor takes a finite number above 0, got 0'],
  ['a negative warm-up', () => constant(1, { warmup: -1 }), 'option warmup takes a finite number from 0 on, got -1'],
  ['NaN as a warm-up', () => cosine(1, { warmup: Number.NaN }), 'option warmup takes a finite number from 0 on, got NaN'],
  ['a negative end', () => cosine(1, { min: -1 }), 'option min takes a finite number from 0 on, got -1'],
  ['an end above the rate', () => cosine(1, { min: 2 }), 'cosine ends at min, 2, which is above its rate, 1'],
  ['an unknown option', () => cosine(1, { warmUp: 2 } as never), "cosine has no option 'warmUp': did you mean 'warmup'?"],
  [
    'a schedule that gives NaN',
    () => rateAt(() => Number.NaN, 4, 2, 3),
    'the learning rate of step 5 is no finite number from 0 on, but NaN',
  ],
  ['a rate that is a text', () => rateAt('1' as never, 0, 2, 3), "the learning rate of step 1 is no finite number from 0 on, but '1'"],
])('%s is refused', (_, make, message) => expect(make).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', message })));

torchTests(
  'torch.optim.lr_scheduler',
  [
    { name: 'MultiStepLR', schedule: steps(0.5, { at: [2, 3], factor: 0.3 }), made: 'MultiStepLR(o, [8, 12], 0.3)' },
    { name: 'CosineAnnealingLR', schedule: cosine(0.5, { min: 0.1 }), made: 'CosineAnnealingLR(o, 20, 0.1)' },
    { name: 'LinearLR', schedule: constant(0.5, { warmup: 2 }), made: 'LinearLR(o, 1 / 8, 1, 7)' },
  ].map((given) => ({
    ...given,
    inputs: [],
    code: `
o = torch.optim.SGD([torch.zeros(1)], lr=0.5)
schedule = torch.optim.lr_scheduler.${given.made}
rates = []
for _ in range(20):
    rates.append(o.param_groups[0]["lr"])
    o.step()
    schedule.step()
torch.tensor(rates)`,
  })),
  ({ schedule }, { outputs }) => {
    for (const [i, rate] of rates(schedule, 5, 4).entries()) expect(rate).toBeCloseTo(outputs[0]!.data[i]!, 6);
  },
);
