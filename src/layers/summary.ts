import { type LayerSummary, type NetworkSummary, summarizeGraph } from '../analysis/summary.ts';
import { customOperatorsOf, graphOf, type Network, stepName } from './graph.ts';
import type { Parameter } from './parameter.ts';
import type { AppliedLayer } from './symbol.ts';

/** The arithmetic of a network, layer by layer as written: what a layer consists of is added up. */
export function summarizeLayers(network: Network): NetworkSummary {
  const { layers: nodes, ...totals } = summarizeGraph(graphOf(network), {}, { operators: customOperatorsOf(network) });
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const params = learned(network.layers.flatMap(({ parameters }) => parameters));
  return { ...totals, params, layers: network.layers.map((layer) => summaryOf(layer, byName)) };
}

/**
 * How many numbers are learned; those that several layers share count once. A graph cannot distinguish weights from tables
 * as surely.
 */
const learned = (parameters: readonly Parameter[]): number =>
  [...new Set(parameters)].reduce((sum, { learned, size }) => sum + (learned ? size : 0), 0);

function summaryOf(layer: AppliedLayer, nodes: ReadonlyMap<string, LayerSummary>): LayerSummary {
  // Steps that are computed when the network is compiled, such as constants, are no nodes any more.
  const own = layer.steps.flatMap((_, i) => nodes.get(stepName(layer, i)) ?? []);
  const sum = (key: 'macs' | 'activationBytes') => own.reduce((total, node) => total + node[key], 0);
  const last = own.at(-1);
  return {
    ...(last as LayerSummary),
    name: layer.name,
    op: layer.kind,
    inputs: layer.inputs.map(({ value }) => value.dims),
    params: learned(layer.parameters),
    macs: sum('macs'),
    activationBytes: sum('activationBytes'),
  };
}
