import type { Value } from '../graph/value.ts';
import type { Network } from './network.ts';

/** For tests: @throws Error if a value is read before it is made, made twice, or never made: a pass is wrong */
export function verify(network: Network): void {
  const made = new Set<Value>(network.inputs);
  const check = (value: Value | undefined, where: string) => {
    if (value && !value.constant && !value.state && !made.has(value)) throw new Error(`${where} reads '${value.name}' before it is made`);
  };
  for (const node of network.nodes) {
    for (const value of node.inputs) check(value, `node '${node.name}'`);
    for (const value of node.outputs) {
      if (made.has(value)) throw new Error(`'${value.name}' is made twice`);
      made.add(value);
    }
  }
  for (const value of network.outputs) check(value, 'the output list');
}
