import { LanewiseError } from '../../errors.ts';
import type { Graph, GraphNode } from '../../graph/graph.ts';
import { typeCode } from './tensor.ts';

const isCast = ({ op, domain, attributes }: GraphNode): boolean =>
  op === 'Cast' && domain === '' && attributes.get('to') === typeCode('float32');

/** The first of 'w/f32', 'w/f32_', ... that is free. */
function unusedName(name: string, used: Set<string>): string {
  let unused = `${name}/f32`;
  while (used.has(unused)) unused += '_';
  used.add(unused);
  return unused;
}

/**
 * The graph's nodes where `halves` are stored as float16: each is cast to float32 first, and read from there. A value that
 * only feeds such casts already, as in a file that was written this way, needs no further one. An output of the graph has no
 * reader to put a cast before: it is taken out of `halves`.
 * @throws LanewiseError UNSUPPORTED before opset 6, the first whose Cast names its type by number
 */
export function halve({ nodes, inputs, outputs, constants, opsets }: Graph, halves: Set<string>): readonly GraphNode[] {
  for (const { name } of outputs) halves.delete(name);
  if (halves.size === 0) return nodes;
  const opset = opsets.get('') ?? 0;
  if (opset < 6) throw new LanewiseError('UNSUPPORTED', `float16 weights take opset 6 or newer; the graph has opset ${opset}`);
  const uncast = new Set(nodes.filter((node) => !isCast(node)).flatMap((node) => node.inputs));
  const used = new Set([...constants.keys(), ...[...inputs, ...nodes].flatMap((from) => ('outputs' in from ? from.outputs : from.name))]);
  const renamed = new Map([...halves].filter((name) => uncast.has(name)).map((name) => [name, unusedName(name, used)] as const));
  const casts = [...renamed].map(([from, to]): GraphNode => {
    return { op: 'Cast', domain: '', name: to, inputs: [from], outputs: [to], attributes: new Map([['to', typeCode('float32')]]) };
  });
  return [...casts, ...nodes.map((node) => ({ ...node, inputs: node.inputs.map((name) => renamed.get(name) ?? name) }))];
}
