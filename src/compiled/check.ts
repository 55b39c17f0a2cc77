// Checks that a compiled model's runs end, and its loads too. Checksums find damage; this finds changes made on purpose: no
// instruction counts more than memory has room for, none steps by 0, none reads outside the memory, and none writes over the
// weights or the program.

import { Op, STATIC_BYTES } from '../../assembly/opcodes.ts';
import { at } from '../graph/at.ts';
import { product } from '../graph/dims.ts';
import { arrayTypes, elementBytes } from '../graph/tensor.ts';
import { accesses, hullOf } from '../plan/accesses.ts';
import { added, wordsOf } from '../plan/instructions.ts';
import { isKnownKind } from '../plan/packs.ts';
import { align } from '../plan/place.ts';
import type { Instruction } from '../plan/plan.ts';
import { programBytes } from '../plan/program.ts';
import type { Meta, PortMeta, Segment } from './format.ts';

/** Beyond it, positions could overflow their 32 bits. */
const MOST_COUNT = 2 ** 30;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * The range that an instruction may write, the end of what it may read, and the bytes of each thread's workspace that it may
 * use.
 */
interface Memory {
  readonly first: number;
  readonly end: number;
  readonly workspace: number;
}

/** Whether an instruction ends, and stays inside the memory. */
function isBounded(op: Op, words: ArrayLike<number>, { first, end, workspace }: Memory): boolean {
  const [kinds, boundsOf] = accesses[op];
  const word = (index: number): number => at(words, index);
  for (let i = 1; i <= kinds.length; i++) {
    const least = { n: 0, d: 1 }[kinds.charAt(i - 1)];
    if (least !== undefined && (word(i) < least || word(i) > MOST_COUNT)) return false;
  }
  const { loops, touches } = boundsOf(word);
  const ranges = touches.flatMap((touch) => {
    const kind = kinds.charAt(touch[0] - 1);
    const address = word(touch[0]) >>> 0;
    const [low, high] = hullOf(touch);
    return 'op'.includes(kind) && address === 0 ? [] : [{ kind, low: address + low, high: address + high }];
  });
  return (
    // An empty loop may contain others, and be contained in others.
    loops.every((counts) => product(counts.map((n) => Math.max(1, n))) <= end) &&
    ranges.every(({ kind, low, high }) => low >= ('wpx'.includes(kind) ? first : 0) && high <= end) &&
    // Kernels keep addresses there, which nothing else may overwrite.
    ranges.every(
      (own) =>
        own.kind !== 'x' ||
        (own.high - own.low <= workspace &&
          ranges.every((other) => other === own || other.low === other.high || other.low >= own.high || other.high <= own.low)),
    )
  );
}

/**
 * Whether the meta and the instructions fit each other and the memory that they need.
 * @param file the sizes of program and body that the file states, in bytes
 */
export function makesSense(
  { inputs, outputs, memory, relayouts, segments }: Meta,
  steps: readonly Instruction[],
  file: { readonly programBytes: number; readonly bodyBytes: number },
): boolean {
  const [weights, constants, arena, workspace] = memory;
  if (memory.length !== 4 || ![...memory, relayouts].every(isCount) || (weights | constants) % 64) return false;
  const program = STATIC_BYTES + weights;
  const first = program + align(programBytes(steps));
  const end = first + constants + arena;
  const inside = (address: number, bytes: number) => isCount(address) && address >= STATIC_BYTES && address + bytes <= end;
  const isPort = ({ name, type, dims, address, face }: PortMeta): boolean => {
    if (typeof name !== 'string' || !Object.hasOwn(arrayTypes, type) || !dims.every(isCount)) return false;
    if (face !== undefined && (type !== 'float32' || !/^float(16|64)$/.test(face))) return false;
    const size = elementBytes(type);
    return address === undefined || (address % size === 0 && inside(address, size * product(dims)));
  };
  const isSegment = ([address, bytes, , half, ...words]: Segment): boolean => {
    const own = words[0] as Op;
    const transforms =
      words.length === 0 ||
      ((own === Op.WinogradWeights || added[own]?.arranges === true) &&
        words.length === wordsOf(own) &&
        words.every(Number.isSafeInteger) &&
        isBounded(own, words, { first: STATIC_BYTES, end, workspace }));
    return isCount(bytes) && bytes > 0 && bytes % 16 === 0 && address % 4 === 0 && inside(address, half ? 2 * bytes : bytes) && transforms;
  };
  return (
    // As padded by the writer.
    Math.ceil(programBytes(steps) / 16) * 16 === file.programBytes &&
    [...inputs, ...outputs].every(isPort) &&
    outputs.every(({ address }) => address !== undefined) &&
    segments.every(isSegment) &&
    segments.reduce((sum, [, bytes]) => sum + bytes, 0) === file.bodyBytes &&
    steps.every((step) => isKnownKind(step) && isBounded(step.op, step.args as ArrayLike<number>, { first, end, workspace }))
  );
}
