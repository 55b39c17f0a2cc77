import { createHash } from 'node:crypto';
import type { Constant, Graph } from '../../src/graph/graph.ts';
import { type Factory, type LayersModel, zoo } from '../../src/zoo/index.ts';

/** A network by its name. */
export const made = (name: string, options?: Parameters<Factory>[0]): LayersModel => (zoo.get(name) as Factory)(options);

/** The shapes of parameters by their names; undefined where there is none of a name. */
export function dims(net: LayersModel, ...names: string[]): (readonly number[] | undefined)[] {
  const all = new Map([...net.parameters(), ...net.buffers()].map((parameter) => [parameter.name, parameter.dims]));
  return names.map((name) => all.get(name));
}

/** Every constant's shape and bits, the latter hashed. */
export const bits = ({ constants }: Graph): Map<string, string> =>
  new Map([...constants].map(([name, { dims, read }]) => [name, `${dims}: ${createHash('sha256').update(read()).digest('hex')}`]));

export const constant = (graph: Graph, name: string): Constant => {
  const found = graph.constants.get(name);
  if (!found) throw new Error(`there is no constant '${name}'`);
  return found;
};
