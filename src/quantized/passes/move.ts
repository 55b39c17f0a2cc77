import { runner } from '../../compiler/bind.ts';
import { as, type Network, type Patch } from '../../compiler/network.ts';
import { numberOf as numberIn } from '../../compiler/passes/constants.ts';
import { fusePad } from '../../compiler/passes/fusePad.ts';
import type { Value } from '../../graph/value.ts';
import { clip, relu } from '../../ops/elementwise/relu.ts';
import { operators } from '../../ops/index.ts';
import { concat } from '../../ops/move/concat.ts';
import { type PadAttributes, pad, padsOf } from '../../ops/move/pad.ts';
import type { Node, Operator } from '../../ops/operator.ts';
import { dropout } from '../../ops/shape/identity.ts';
import { input, output } from '../../ops/shapes.ts';
import { globalMaxPool, maxPool } from '../../ops/window/pool.ts';
import { resolveWindow, type WindowAttributes } from '../../ops/window/window.ts';
import { dequantizeLinear } from '../ops/dequantizeLinear.ts';
import { byteGlobalMaxPool, byteMaxPool } from '../ops/maxPool.ts';
import {
  type Bytes,
  byteOf,
  dequantized,
  isAlike,
  meaningOf,
  nodeOf,
  numbersValue,
  quantized,
  type Rule,
  readerOf,
  replace,
} from './facts.ts';

/** Operators whose outputs hold elements of their first input, and nothing else. */
const movers: ReadonlySet<string> = new Set([
  'DepthToSpace',
  'Expand',
  'Flatten',
  'Gather',
  'Identity',
  'Pad',
  'Reshape',
  'Resize',
  'Slice',
  'SpaceToDepth',
  'Split',
  'Squeeze',
  'Tile',
  'Transpose',
  'Unsqueeze',
  'Upsample',
]);

/** Whether every window has elements: of padding alone the largest is minus infinity. */
function hasTaps(node: Node<WindowAttributes>): boolean {
  const { kernel, padBegin, padEnd } = resolveWindow(node, input(node, 0).dims);
  return [...padBegin, ...padEnd].every((count, i) => count < (kernel[i % 2] as number));
}

/** The operator that moves bytes as the node moves numbers. Undefined if it has no kernel for them. */
function moverOf(node: Node, x: Value): Operator | undefined {
  const { op } = node;
  if (as(node, maxPool) && hasTaps(node as Node<WindowAttributes>)) return byteMaxPool as Operator;
  if (as(node, globalMaxPool)) return byteGlobalMaxPool as Operator;
  const known = operators.get(op.name) === op && (movers.has(op.name) || as(node, concat));
  if (!known && !(as(node, dropout) && node.outputs.length === 1)) return undefined;
  const { mode, coordinates } = node.attributes as { mode?: string; coordinates?: string };
  if (/^(Resize|Upsample)$/.test(op.name) && (mode !== 'nearest' || coordinates === 'tf_crop_and_resize')) return undefined;
  try {
    const found = runner(op, [x, ...node.inputs.slice(1)], '');
    return found.original ? undefined : found;
  } catch {
    return undefined;
  }
}

/**
 * What moves or chooses numbers that a DQ made moves the bytes instead, before the DQ: the same numbers. A concatenation needs
 * bytes of one meaning.
 */
export const moveBytes: Rule = (node, network) => {
  const [first, ...others] = as(node, concat)
    ? node.inputs.map((value) => dequantized(value, network))
    : [dequantized(node.inputs[0], network)];
  if (!first || !others.every((other) => other && isAlike(other, first))) return undefined;
  const op = moverOf(node, first.value);
  const filled = as(node, pad) ? paddedBy(node as Node<PadAttributes>, first) : node;
  if (!op || !filled) return undefined;
  const reader = as(node, pad) && readerOf(output(node), network);
  // A convolution's own padding costs nothing.
  const merged = reader && fusePad.match(reader, network);
  if (merged) return merged;
  const inputs = [first, ...(others as Bytes[])].map(({ value }) => value);
  const moved = node.outputs.map((value): Value => ({ ...value, name: JSON.stringify(['bytes', value.name]), type: first.value.type }));
  return replace(
    network,
    [node],
    [
      nodeOf(node, op, filled.attributes, [...inputs, ...filled.inputs.slice(inputs.length)], moved),
      ...node.outputs.map((value, i) =>
        nodeOf(node, dequantizeLinear as Operator, { axis: 1, block: 0 }, [moved[i], first.scale, first.zero], [value], value.name),
      ),
    ],
  );
};

/** A Pad whose value is a byte. Undefined if no byte stands for the value. */
function paddedBy(node: Node<PadAttributes>, x: Bytes): Node<PadAttributes> | undefined {
  const { mode, given } = node.attributes;
  if (mode !== 'constant') return node;
  const value = node.inputs[2] ? numberIn(node.inputs[2]) : (given?.value ?? 0);
  if (value === undefined) return undefined;
  const meaning = meaningOf(x);
  const byte = byteOf(value, meaning);
  if (Math.fround((byte - meaning.zero) * meaning.scale) !== Math.fround(value)) return undefined;
  const pads = padsOf(node);
  const sides = [0, 1].flatMap((side) => pads.map((pair) => pair[side] as number));
  return {
    ...node,
    attributes: { mode },
    inputs: [
      node.inputs[0],
      numbersValue(JSON.stringify(['pads', sides]), 'int32', sides, true),
      numbersValue(JSON.stringify([byte, meaning.type]), meaning.type, [byte], true),
    ],
  };
}

/**
 * A Q behind what moves numbers, or chooses some by their order, goes before it, so that it can become part of what makes the
 * numbers. In a concatenation every input gets its own.
 */
export const quantizeFirst: Rule = (node, network) => {
  const [value] = node.outputs;
  if (!value || node.outputs.length > 1) return undefined;
  if (!node.inputs.some((input) => dequantized(input, network))) return undefined;
  // Concatenations that the node is before, and that are not its own kind.
  if (as(node, concat)) return swap(node, network);
  let mover: Node | undefined;
  for (let next = readerOf(value, network); next; next = readerOf(output(next), network)) {
    if (quantized(next)) return mover && swap(mover, network);
    mover = undefined;
    if (next.inputs.length === 1 && as(next, relu, clip)) continue;
    if (next.outputs.length > 1 || as(next, pad) || next.op.name === 'Gather') return undefined;
    mover = next;
  }
  return undefined;
};

function swap(mover: Node, network: Network): Patch | undefined {
  const q = readerOf(output(mover), network);
  const bytes = quantized(q);
  if (!q || !bytes) return undefined;
  const all = as(mover, concat) ? mover.inputs : mover.inputs.slice(0, 1);
  const sources = [...new Set(all)] as Value[];
  if (sources.some(({ constant }) => constant)) return undefined;
  const before = new Map(
    sources.map((value) => [value, { ...bytes.value, name: JSON.stringify(['q', value.name, q.name]), dims: value.dims }]),
  );
  const op = moverOf(mover, { ...bytes.value, dims: (sources[0] as Value).dims });
  if (!op) return undefined;
  const made = [...before].map(([value, to]) =>
    nodeOf(q, q.op, q.attributes, [value, ...q.inputs.slice(1)], [to], `${q.name} (${value.name})`),
  );
  const inputs = [...all.map((value) => before.get(value as Value)), ...mover.inputs.slice(all.length)];
  return { remove: [mover, q], insert: [...made, nodeOf(mover, op, mover.attributes, inputs, q.outputs)] };
}
