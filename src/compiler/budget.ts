// Limits what is computed beforehand, while a plan is made, because a small file can ask for much.

import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import { allNodes, type Graph, subgraphsOf } from '../graph/graph.ts';
import { formatDims } from '../graph/tensor.ts';
import { bytesOf, type Value, type ValueType } from '../graph/value.ts';
import { isConstant } from '../ops/attributes.ts';
import { macsOf } from '../ops/cost.ts';
import { isBig } from '../ops/elements.ts';
import type { Node, OpenNode, Operator } from '../ops/operator.ts';

/** More bytes of activations than this are taken for a mistake, unless the caller sets another limit. */
export const DEFAULT_MEMORY_LIMIT = 768 * 1024 ** 2;

/** @throws LanewiseError TOO_LARGE */
export function checkLimit(what: string, bytes: number, memoryLimit: number): void {
  if (bytes <= memoryLimit) return;
  const [taken, limit] = [bytes, memoryLimit].map((count) => `${count.toLocaleString('en')} bytes`);
  throw new LanewiseError('TOO_LARGE', `${what} would take ${taken}, over the limit of ${limit} (option memoryLimit)`);
}

const sum = <T>(list: Iterable<T>, of: (item: T) => number): number => [...list].reduce((all, item) => all + of(item), 0);

/** The bytes of a graph's weights, wherever its file has them. */
const weightBytes = (graph: Graph): number =>
  sum(graph.constants.values(), bytesOf) +
  sum(allNodes(graph), (node) => {
    const inner = sum(subgraphsOf(node), ({ constants }) => sum(constants.values(), bytesOf));
    return sum(node.attributes.values(), (value) => (isConstant(value) ? bytesOf(value) : 0)) + inner;
  });

/**
 * For each byte of weights: bytes, and elements, that may be computed from them. Enough for some conversions of all weights,
 * each in less than a second per MB.
 */
const BYTES_PER_BYTE = 64;
const WORK_PER_BYTE = 8;
/** Bytes of the memory limit per element that may be computed. */
const BYTES_PER_WORK = 64;

/** Operators that read no more of their inputs than they make. */
const choosing = /^(Slice|Gather|Split)$/;
/** Operators that take about ten times as long for an element as others. */
const slow = /^(GatherE|NonZ|Pad|Pow|ReduceLog|TopK)/;

/** The remaining budget for a plan's constants, or for nodes whose sizes only a run tells. */
export class Budget {
  readonly #mostBytes: number;
  readonly #mostWork: number;
  #bytes = 0;
  #work = 0;

  /** @param timed whether the work is counted: during a run it is the caller's */
  constructor(graph: Graph, memoryLimit: number, timed = true) {
    const weights = weightBytes(graph);
    this.#mostBytes = memoryLimit + weights * BYTES_PER_BYTE;
    this.#mostWork = timed
      ? Math.max(memoryLimit, DEFAULT_MEMORY_LIMIT) / BYTES_PER_WORK + weights * WORK_PER_BYTE
      : Number.POSITIVE_INFINITY;
  }

  /**
   * Counts a node before it is computed.
   * @param outputs without those whose sizes are unknown so far
   * @throws LanewiseError TOO_LARGE
   */
  spend(title: string, op: Operator, node: OpenNode<unknown>, outputs: readonly ValueType[]): void {
    // They exist already.
    if (op.shapeOnly || op.name === 'Constant') return;
    const inputs = node.inputs.filter((value): value is Value => value !== undefined);
    const count = ({ dims }: ValueType) => product(dims);
    const [read, made] = [choosing.test(op.name) ? 0 : sum(inputs, count), sum(outputs, count)];
    const { kernel = [] } = node.attributes as { readonly kernel?: readonly number[] };
    // Shapes and axes beside the tensors do not count.
    const big = [...inputs, ...outputs].some((value) => isBig(value.type) && count(value) > 64);
    this.#bytes += sum(outputs, bytesOf);
    this.#work +=
      Math.max(op.name === 'NonMaxSuppression' ? read ** 2 : read, made * Math.max(1, Math.min(product(kernel), read))) *
        (big ? 4 : 1) *
        (slow.test(op.name) ? 8 : 1) +
      macsOf({ ...node, op, outputs } as unknown as Node) / (big ? 1 : 8);
    const what = `${title}: its output ${formatDims(outputs[0]?.dims ?? [])}, with the constants before it,`;
    checkLimit(what, this.#bytes, this.#mostBytes);
    if (this.#work > this.#mostWork) {
      throw new LanewiseError(
        'TOO_LARGE',
        `${what} takes too long to compute for a file of this size: store the result in the file, or raise option memoryLimit`,
      );
    }
  }
}
