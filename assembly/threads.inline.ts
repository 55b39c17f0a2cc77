// How threads share an instruction. Every thread goes through the loops of a kernel and computes the parts that are its own:
//
//   share(parts, cost);
//   for (...) if (mine()) ...
//
// Every thread has a range of the parts, always the same share of the picture, so that it finds in its caches what it computed itself; it goes
// over the loops for some parts of its range at a time, and when those are all taken, for parts of the others' ranges. Which thread
// computes a part does not change it, so any number of threads gives the same bits. Binaries of one thread have none of this.

import { COUNTER_SHIFT, TeamWord } from './opcodes';

/** What is worth handing to another thread, in elements that are loaded, worked on and stored: some microseconds. */
const GRAIN: f32 = 16384;

/** This thread and how many there are: globals belong to an instance, and every thread has its own. */
let thread: i32 = 0;
let threads: i32 = 1;
/** By thread: a counter of the parts that are taken from its range, in a cache line of its own. 0 where this instance is no team's. */
let counters: usize = 0;
/** Where the workspaces of all threads but the first lie. */
let workspaces: usize = 0;
let workspaceBytes: usize = 0;
/** The part that is asked for next, and those that are this thread's. */
let part: i32 = 0;
let first: i32 = 0;
let end: i32 = 0;
/** Whose range parts are taken from now, counted from this thread on. */
let victim: i32 = 0;

/** Makes this instance thread `index` of `count`. At `base` lie the counters, then the workspaces. */
export function joinTeam(index: i32, count: i32, base: usize, bytes: usize): void {
  thread = index;
  threads = count;
  counters = base;
  workspaces = base + ((<usize>count) << COUNTER_SHIFT);
  workspaceBytes = bytes;
}

/** Before a kernel's loops: how many parts they have, exactly, and what each costs, in elements that are loaded, worked on and stored. */
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
  if (atomic.load<i32>(TeamWord.Stop)) victim = threads;
  const least = max(1, <i32>(GRAIN / max<f32>(cost, 1)));
  const ranges = min(threads, max(1, parts / least));
  for (; victim < threads; victim++) {
    const index = (thread + victim) % threads;
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

/** Whether the instruction is to be run once more, for parts that are still to be had. */
export function more(): bool {
  if (counters !== 0 && victim < threads) return true;
  victim = 0;
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

/** What a piece has of the `size` of each of `parts` parts, which are cut where they are too few for all threads to get as much. */
export function pieceOf(parts: i32, size: i32): i32 {
  let cut = 1;
  if (parts < 2 * threads) while (cut < size && (parts * cut) % threads !== 0) cut++;
  return max(1, (size + cut - 1) / cut);
}

/** This thread's workspace, which for the first thread is where the instruction says. */
// @ts-expect-error: decorator
@inline
export function workspace(pointer: usize): usize {
  if (!ASC_FEATURE_THREADS) return pointer;
  return thread === 0 ? pointer : workspaces + <usize>(thread - 1) * workspaceBytes;
}

/** How often a thread looks whether the others are done before it sleeps. */
const SPINS: i32 = 4000;

/**
 * Waits until all threads have done the instruction. The last one clears the counter for the next.
 * @returns whether the run goes on: all threads get the same answer
 */
export function meet(): bool {
  if (counters === 0) return true;
  const turn = atomic.load<i32>(TeamWord.Turn);
  if (atomic.add<i32>(TeamWord.Arrived, 1) === threads - 1) {
    atomic.store<i32>(TeamWord.Arrived, 0);
    for (let i = 0; i < threads; i++) atomic.store<i32>(counters + ((<usize>i) << COUNTER_SHIFT), 0);
    // A turn's number, for a slow thread may look when the next run has begun.
    if (atomic.load<i32>(TeamWord.Stop)) atomic.store<i32>(TeamWord.Stopped, turn + 1);
    atomic.store<i32>(TeamWord.Turn, turn + 1);
    atomic.notify(TeamWord.Turn, -1);
  } else {
    for (let i = 0; i < SPINS && atomic.load<i32>(TeamWord.Turn) === turn; i++);
    while (atomic.load<i32>(TeamWord.Turn) === turn) atomic.wait<i32>(TeamWord.Turn, turn, -1);
  }
  return atomic.load<i32>(TeamWord.Stopped) !== turn + 1;
}
