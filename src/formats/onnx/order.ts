import { type GraphNode, readsOf, type Subgraph } from '../../graph/graph.ts';
import type { Disorder, Wire } from './wire.ts';

/**
 * The nodes in the order of the file, but each after those that it reads from. Each name has one producer.
 * @param around names that are visible from outside
 */
export function inOrder(wire: Wire, { inputs, constants, nodes, outputs }: Subgraph, around: Iterable<string> = []): GraphNode[] {
  const known = new Set([...around, ...constants.keys()]);
  let twice: Disorder['twice'];
  const produce = (name: string, producer?: GraphNode) => {
    if (known.has(name)) twice ??= [name, producer];
    known.add(name);
  };
  for (const { name } of inputs) produce(name);
  const sorted: GraphNode[] = [];
  const waiting = new Map<string, [GraphNode, number][]>();
  for (const first of nodes) {
    const ready: [GraphNode, number][] = [[first, 0]];
    for (const [node, from] of ready) {
      let at = from;
      const reads = readsOf(node);
      while (at < reads.length && (!reads[at] || known.has(reads[at] as string))) at++;
      const lacks = reads[at];
      if (lacks !== undefined) {
        const others = waiting.get(lacks);
        if (others) others.push([node, at]);
        else waiting.set(lacks, [[node, at]]);
        continue;
      }
      sorted.push(node);
      for (const name of node.outputs) {
        if (!name) continue;
        produce(name, node);
        for (const reader of waiting.get(name) ?? []) ready.push(reader);
        waiting.delete(name);
      }
    }
  }
  const missing = outputs.find(({ name }) => !known.has(name));
  if (twice || waiting.size > 0 || missing) {
    if (wire.extras) throw wire.extras.disorder(wire, { twice, waiting, missing });
    wire.lacksExtras = true;
  }
  return sorted;
}
