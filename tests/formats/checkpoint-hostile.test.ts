// Checkpoints that somebody made to do harm, and every bit of small ones flipped: nothing but a LanewiseError, soon.

import { LanewiseError } from '../../src/errors.ts';
import { readCheckpoint } from '../../src/formats/index.ts';
import { failure } from '../failure.ts';
import { Draw } from '../fuzz/draw.ts';
import { hostile } from '../fuzz/hostile-checkpoint.ts';
import { checkpoint, legacy, orderedDict, pickleOps, tensor } from './checkpoint-writer.ts';

const weight = tensor({ size: 4 });
const stateDict = orderedDict({ w: weight });
const storages = { '0': [1, 2, 3, 4] };

/** A pickle that takes time or memory out of proportion, where a reader copies or recurses. */
const bombs: Readonly<Record<string, (count: number) => number[]>> = {
  // [[[...]]], which nobody can walk by recursion.
  'lists inside each other': (count) => [...new Array(count).fill(0x5d), ...new Array(count - 1).fill(0x61)],
  'tuples of tuples twice': (count) => [0x29, ...new Array(count).fill([0x32, 0x86]).flat()],
  'dictionaries of one list': (count) => {
    const pairs = new Array(count).fill([0x4e, 0x4e, 0x86]).flat();
    const calls = new Array(count).fill([0x68, 0, 0x68, 1, 0x85, 0x52]).flat();
    return [...Buffer.from('ccollections\nOrderedDict\nq\0]q\x01(', 'latin1'), ...pairs, 0x65, 0x30, ...calls];
  },
  'marks alone': (count) => new Array(count).fill(0x28),
  'one text in the memo': (count) => [
    0x55,
    1,
    65,
    ...Array.from({ length: count }, (_, i) => [0x72, i & 255, (i >> 8) & 255, i >> 16, 255]).flat(),
  ],
  'a tensor called again': (count) => [
    ...pickleOps(weight).slice(1, -1).flat(),
    ...Buffer.from('ctorch._utils\n_rebuild_parameter\nq\xc8', 'latin1'),
    ...new Array(count).fill([0x68, 0xc8, 0x68, 0xc9, 0x52]).flat(),
  ],
  'a key of lists inside each other': (count) => [0x7d, ...new Array(count).fill(0x5d), ...new Array(count - 1).fill(0x61), 0x4e, 0x73],
};

test.each(Object.keys(bombs))('%s take no longer than their bytes', (name) => {
  const bytes = checkpoint({ raw: (bombs[name] as (count: number) => number[])(50_000) }, storages);
  const start = process.cpuUsage();
  expect(failure(() => readCheckpoint(bytes))).toBeInstanceOf(LanewiseError);
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1000).toBeLessThan(1500);
});

test('every third bit of a small file, flipped', () => {
  const outcomes = new Map<string, number>();
  for (const bytes of [checkpoint(stateDict, storages), legacy(stateDict, storages)]) {
    for (let bit = 0; bit < 8 * bytes.length; bit += 3) {
      const broken = bytes.with(bit >> 3, (bytes[bit >> 3] as number) ^ (1 << (bit & 7)));
      const outcome = outcomeOf(broken);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  }
  expect(outcomes.get('reads')).toBeGreaterThan(30);
  expect(outcomes.get('INVALID_FILE')).toBeGreaterThan(300);
  expect([...outcomes.keys()].sort()).toEqual(
    ['INVALID_FILE', 'TOO_LARGE', 'TRUNCATED_FILE', 'UNSUPPORTED', 'reads'].filter((key) => outcomes.has(key)),
  );
});

/** What becomes of a file: read with all its numbers, or a LanewiseError. */
function outcomeOf(bytes: Uint8Array): string {
  try {
    for (const { read } of readCheckpoint(bytes).tensors.values()) read();
    return 'reads';
  } catch (error) {
    if (error instanceof LanewiseError) return error.code;
    throw error;
  }
}

test('hostile ones, seeded', () => {
  const outcomes = new Map<string, number>();
  for (let seed = 0; seed < 300; seed++) {
    const outcome = outcomeOf(hostile(new Draw(seed)));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  // That they get further than the first check.
  expect(outcomes.get('reads')).toBeGreaterThan(10);
  expect(outcomes.get('INVALID_FILE')).toBeGreaterThan(50);
});
