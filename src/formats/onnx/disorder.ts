import type { LanewiseError } from '../../errors.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Disorder, Wire } from './wire.ts';

const titleOf = ({ op, name }: GraphNode) => `${op} '${name}'`;

/** Finds what is wrong with a graph whose nodes cannot be ordered. */
export function disorder(wire: Wire, { twice, waiting, missing }: Disorder): LanewiseError {
  const invalid = (problem: string) => wire.fail('INVALID_MODEL', problem);
  if (twice) {
    const [name, producer] = twice;
    return invalid(`${producer ? titleOf(producer) : 'an input'} produces '${name}', which exists already`);
  }
  // The nodes that still wait read values that no node makes, or form a cycle.
  const makers = new Map<string, [GraphNode, string]>();
  for (const [lacks, readers] of waiting) for (const [node] of readers) for (const name of node.outputs) makers.set(name, [node, lacks]);
  for (const [lacks, [reader]] of waiting) {
    if (makers.has(lacks) || !reader) continue;
    return invalid(`${titleOf(reader[0])} reads '${lacks}', which no input, initializer or node produces`);
  }
  const circle = new Set<string>();
  for (let [name] = waiting.keys(); name !== undefined; name = makers.get(name)?.[1]) {
    if (circle.has(name)) {
      const names = [...circle];
      const titles = names.slice(names.indexOf(name)).map((name) => titleOf(makers.get(name)?.[0] as GraphNode));
      const more = titles.length > 5 ? ` and ${titles.length - 5} more` : '';
      return invalid(`nodes read each other's outputs in a circle: ${titles.slice(0, 5).join(', ')}${more}`);
    }
    circle.add(name);
  }
  return invalid(`nothing produces the output '${missing?.name}'`);
}
