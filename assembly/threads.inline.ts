// How threads share an instruction. Every thread goes through the loops of a kernel and computes the parts that are its own:
//
//   share(parts, cost);
//   for (...) if (mine()) ...
//
// Every thread has a range of the parts, always the same share of the picture, so that it finds in its caches what it
// computed itself; it runs the loops for some parts of its range at a time, and when those are all taken, for parts of the
// others' ranges. Which thread computes a part does not change it, so any number of threads gives the same bits. Binaries of
// one thread have none of this.

import { COUNTER_SHIFT, TeamWord } from './opcodes';

/** The least work worth handing to another thread, in elements that are loaded, computed and stored: some microseconds. */
const GRAIN: f32 = 16384;

/** The index of this thread, and how many there are: globals belong to an instance, and every thread has its own. */
let thread: i32 = 0;
let threads: i32 = 1;
/**
 * Address of a counter for each thread, in a cache line of its own: how many parts of its range are taken. 0 if this
 * instance is in no team.
 */
let counters: usize = 0;
/** Address of the workspaces of all threads but the first. */
let workspaces: usize = 0;
let workspaceBytes: usize = 0;
/** The index of the next part in the loops, and the range of this thread's parts. */
let part: i32 = 0;
let first: i32 = 0;
let end: i32 = 0;
/** Whose range parts are now taken from, counted from this thread on. */
let rangeOffset: i32 = 0;

/** Makes this instance thread `index` of `count`. At `base` are the counters, then the workspaces. */
export function joinTeam(index: i32, count: i32, base: usize, bytes: usize): void {
  thread = index;
  threads = count;
  counters = base;
  workspaces = base + ((<usize>count) << COUNTER_SHIFT);
  workspaceBytes = bytes;
}

/**
 * Called before a kernel's loops.
 * @param parts how many parts they have, exactly
 * @param cost of each part, in elements that are loaded, computed and stored
 */
// @ts-expect-error: decorator
@inline
export function share(parts: i32, cost: f32): void {
  if (ASC_FEATURE_THREADS) shareParts(parts, cost);
}

/** Takes the next parts for this pass over the loops. */
function shareParts(parts: i32, cost: f32): void {
  part = 0;
  first = 0;
  end = i32.MAX_VALUE;
  if (counters === 0) return;
  end = 0;
  if (atomic.load<i32>(TeamWord.Stop)) rangeOffset = threads;
  const least = max(1, <i32>(GRAIN / max<f32>(cost, 1)));
  const ranges = min(threads, max(1, parts / least));
  for (; rangeOffset < threads; rangeOffset++) {
    const index = (thread + rangeOffset) % threads;
    if (index >= ranges) continue;
    const from = <i32>((<i64>parts * index) / ranges);
    const size = <i32>((<i64>parts * (index + 1)) / ranges) - from;
    const step = max(least, size >> 3);
    const counter = counters + ((<usize>index) << COUNTER_SHIFT);
    if (atomic.load<i32>(counter) >= size) continue;
    const taken = atomic.add<i32>(counter, step);
    if (taken >= size) continue;
    first = from + taken;
    end = from + min(size, taken + step);
    return;
  }
}

/** Whether the loops have to run again, because parts are left. */
export function more(): bool {
  if (counters !== 0 && rangeOffset < threads) return true;
  rangeOffset = 0;
  return false;
}

/** The product of `count` sizes. */
export function product(sizes: usize, count: i32): i32 {
  let all = 1;
  for (let i = 0; i < count; i++) all *= load<i32>(sizes + ((<usize>i) << 2));
  return all;
}

/** Whether the next part is this thread's. */
// @ts-expect-error: decorator
@inline
export function mine(): bool {
  if (!ASC_FEATURE_THREADS) return true;
  return <u32>(part++ - first) < <u32>(end - first);
}

/** Length of one piece when `parts` parts of `size` are cut so that every thread gets as much. */
export function pieceOf(parts: i32, size: i32): i32 {
  let cut = 1;
  if (parts < 2 * threads) while (cut < size && (parts * cut) % threads !== 0) cut++;
  return max(1, (size + cut - 1) / cut);
}

/** The address of this thread's workspace; the first thread's is the instruction's argument. */
// @ts-expect-error: decorator
@inline
export function workspace(pointer: usize): usize {
  if (!ASC_FEATURE_THREADS) return pointer;
  return thread === 0 ? pointer : workspaces + <usize>(thread - 1) * workspaceBytes;
}

/** How often a thread checks whether the others have finished before it sleeps. */
const SPINS: i32 = 4000;

/**
 * Waits until all threads have finished the instruction. The last one clears the counter for the next.
 * @returns whether the run goes on: all threads get the same answer
 */
export function meet(): bool {
  if (counters === 0) return true;
  const turn = atomic.load<i32>(TeamWord.Turn);
  if (atomic.add<i32>(TeamWord.Arrived, 1) === threads - 1) {
    atomic.store<i32>(TeamWord.Arrived, 0);
    for (let i = 0; i < threads; i++) atomic.store<i32>(counters + ((<usize>i) << COUNTER_SHIFT), 0);
    // The turn's number, because a slow thread may read it when the next run has begun.
    if (atomic.load<i32>(TeamWord.Stop)) atomic.store<i32>(TeamWord.Stopped, turn + 1);
    atomic.store<i32>(TeamWord.Turn, turn + 1);
    atomic.notify(TeamWord.Turn, -1);
  } else {
    for (let i = 0; i < SPINS && atomic.load<i32>(TeamWord.Turn) === turn; i++);
    while (atomic.load<i32>(TeamWord.Turn) === turn) atomic.wait<i32>(TeamWord.Turn, turn, -1);
  }
  return atomic.load<i32>(TeamWord.Stopped) !== turn + 1;
}
