// How threads share an instruction. Every thread goes through the loops of a kernel and computes the parts that are its own:
//
//   share(parts, cost);
//   for (...) if (mine()) ...
//
// Threads take the next parts of a counter in the memory that they share, several at a time where parts are small. Which thread computes a
// part does not change it, so any number of threads gives the same bits. Binaries of one thread have none of this.

import { RANK, Team } from './opcodes';

/** What is worth handing to another thread, in elements that are loaded, worked on and stored: some microseconds. */
const GRAIN: f32 = 16384;

/** This thread and how many there are: globals belong to an instance, and every thread has its own. */
let thread: i32 = 0;
let threads: i32 = 1;
/** Where the workspaces of all threads but the first lie. */
let workspaces: usize = 0;
let workspaceBytes: usize = 0;
/** The part that is asked for next, and those that are this thread's. */
let part: i32 = 0;
let first: i32 = 0;
let end: i32 = 0;
/** Parts taken at a time. */
let step: i32 = 1;

/** Makes this instance thread `index` of `count`. */
export function joinTeam(index: i32, count: i32, base: usize, bytes: usize): void {
  thread = index;
  threads = count;
  workspaces = base;
  workspaceBytes = bytes;
}

/** Before a kernel's loops: how many parts they have, and what each costs, in elements that are loaded, worked on and stored. */
// @ts-expect-error: decorator
@inline
export function share(parts: i32, cost: f32): void {
  if (ASC_FEATURE_THREADS) shareParts(parts, cost);
}

function shareParts(parts: i32, cost: f32): void {
  part = 0;
  first = 0;
  end = threads === 1 ? i32.MAX_VALUE : 0;
  step = max(1, max(parts / (16 * threads), <i32>(GRAIN / max<f32>(cost, 1))));
}

/** As `share`, for RANK loops whose sizes stand at `dims` and whose parts have `leaf` elements, `cost` each. */
// @ts-expect-error: decorator
@inline
export function shareLoops(dims: usize, leaf: i32, cost: f32): void {
  if (ASC_FEATURE_THREADS) shareElements(dims, leaf, cost);
}

function shareElements(dims: usize, leaf: i32, cost: f32): void {
  const size = max<f32>(1, <f32>leaf);
  shareParts(<i32>(product(dims) / size), size * cost);
}

/** Of RANK sizes. */
export function product(dims: usize): f32 {
  let elements: f32 = 1;
  for (let i = 0; i < RANK; i++) elements *= <f32>load<i32>(dims + ((<usize>i) << 2));
  return elements;
}

/** Whether the next part is this thread's. */
// @ts-expect-error: decorator
@inline
export function mine(): bool {
  if (!ASC_FEATURE_THREADS) return true;
  if (part >= end) take();
  return part++ >= first;
}

function take(): void {
  first = atomic.load<i32>(Team.Stop) ? i32.MAX_VALUE : atomic.add<i32>(Team.Next, step);
  end = first + min(step, i32.MAX_VALUE - first);
}

/** Into how many pieces, at most `most`, each of `parts` parts should be cut, so that all threads have something to do. */
// @ts-expect-error: decorator
@inline
export function pieces(parts: i32, most: i32): i32 {
  if (!ASC_FEATURE_THREADS) return 1;
  return threads === 1 ? 1 : max(1, min(most, (4 * threads + parts - 1) / max(1, parts)));
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
  if (threads === 1) return true;
  const turn = atomic.load<i32>(Team.Turn);
  if (atomic.add<i32>(Team.Arrived, 1) === threads - 1) {
    atomic.store<i32>(Team.Arrived, 0);
    atomic.store<i32>(Team.Next, 0);
    // A turn's number, for a slow thread may look when the next run has begun.
    if (atomic.load<i32>(Team.Stop)) atomic.store<i32>(Team.Stopped, turn + 1);
    atomic.store<i32>(Team.Turn, turn + 1);
    atomic.notify(Team.Turn, -1);
  } else {
    for (let i = 0; i < SPINS && atomic.load<i32>(Team.Turn) === turn; i++);
    while (atomic.load<i32>(Team.Turn) === turn) atomic.wait<i32>(Team.Turn, turn, -1);
  }
  return atomic.load<i32>(Team.Stopped) !== turn + 1;
}
