import { numbersFor, xoshiro128 } from '../../src/layers/random.ts';

const take = (next: () => number, count: number) => Array.from({ length: count }, next);

test('xoshiro128** gives what the reference implementation gives', () => {
  // From the tests of Rust's rand_xoshiro, made with the authors' xoshiro128starstar.c 1.1.
  expect(take(xoshiro128(1, 2, 3, 4), 10)).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ]);
});

test('seeds and names that are much alike give numbers that are not', () => {
  const names = ['layer1.0.conv1.weight', 'layer1.0.conv2.weight', 'layer1.1.conv1.weight', 'a', 'b', ''];
  const seeds = [0, 1, 2, 2 ** 31, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
  const numbers = names.flatMap((name) => seeds.flatMap((seed) => take(numbersFor(seed, name), 4)));
  expect(new Set(numbers).size).toBe(numbers.length);
  // Already the first ones are spread: of 42 uniform numbers, some are in each quarter.
  const quarters = names.flatMap((name) => seeds.map((seed) => Math.floor(numbersFor(seed, name)() / 2 ** 30)));
  expect([...new Set(quarters)].sort()).toEqual([0, 1, 2, 3]);
});
