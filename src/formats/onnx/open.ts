import { type Graph, type GraphNode, readsOf, type Subgraph } from '../../graph/graph.ts';
import type { Bytes } from '../bytes.ts';
import { resolveExternal } from './external.ts';
import { domainOf, readGraph } from './graph.ts';
import { type Extras, type GraphParts, readPair, Wire } from './wire.ts';

/**
 * The nodes in the order of the file, but each behind what it reads. Each name has one producer.
 * @param around names that are visible from around it
 */
export function inOrder(wire: Wire, { inputs, constants, nodes, outputs }: Subgraph, around: Iterable<string> = []): GraphNode[] {
  const known = new Set([...around, ...constants.keys()]);
  const titleOf = ({ op, name }: GraphNode) => `${op} '${name}'`;
  const produce = (name: string, producer: string) => {
    if (known.has(name)) throw wire.fail('INVALID_MODEL', `${producer} produces '${name}', which exists already`);
    known.add(name);
  };
  for (const { name } of inputs) produce(name, 'an input');
  const sorted: GraphNode[] = [];
  /** By what they lack, nodes and which of their inputs that is. */
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
        produce(name, titleOf(node));
        for (const reader of waiting.get(name) ?? []) ready.push(reader);
        waiting.delete(name);
      }
    }
  }
  // What still waits reads what nobody makes, or goes round in a circle.
  const makers = new Map<string, [GraphNode, string]>();
  for (const [lacks, readers] of waiting) for (const [node] of readers) for (const name of node.outputs) makers.set(name, [node, lacks]);
  for (const [lacks, [reader]] of waiting) {
    if (makers.has(lacks) || !reader) continue;
    throw wire.fail('INVALID_MODEL', `${titleOf(reader[0])} reads '${lacks}', which no input, initializer or node produces`);
  }
  const circle = new Set<string>();
  for (let [name] = waiting.keys(); name !== undefined; name = makers.get(name)?.[1]) {
    if (circle.has(name)) {
      const names = [...circle];
      const titles = names.slice(names.indexOf(name)).map((name) => titleOf(makers.get(name)?.[0] as GraphNode));
      const more = titles.length > 5 ? ` and ${titles.length - 5} more` : '';
      throw wire.fail('INVALID_MODEL', `nodes read each other's outputs in a circle: ${titles.slice(0, 5).join(', ')}${more}`);
    }
    circle.add(name);
  }
  for (const { name } of outputs) {
    if (!known.has(name)) throw wire.fail('INVALID_MODEL', `nothing produces the output '${name}'`);
  }
  return sorted;
}

/** A model that is read but for the data that it keeps in other files. */
export interface OpenedOnnx {
  /** Those files, as paths with '/' relative to the model's folder and inside it; each with the first tensor that it holds, for errors. */
  readonly external: ReadonlyMap<string, string>;
  /**
   * @param files the bytes of each of them
   * @throws LanewiseError FILE_NOT_FOUND for a file that is not given, TRUNCATED_FILE for one that is too short
   */
  graph(files?: ReadonlyMap<string, Bytes>): Graph;
  /** Whether it is to be opened again with `extras`, which it turned out to need. */
  readonly lacksExtras: boolean;
}

/** The first half of `readOnnx`: what other files a model needs is known only once it is read. */
export function openOnnx(bytes: Bytes, what: string, extras?: Extras): OpenedOnnx {
  const wire = new Wire(bytes, what, 'model');
  wire.extras = extras;
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  const string = () => wire.string();
  let version: number | bigint = 0;
  let graph: GraphParts | undefined;
  wire.message('the model', (field) => {
    if (field === 1) version = wire.int();
    else if (field === 2) metadata.set('producer_name', string());
    else if (field === 3) metadata.set('producer_version', string());
    else if (field === 7) {
      wire.known ||= version > 0;
      graph = readGraph(wire, graph);
    } else if (field === 8) {
      const [domain, version] = readPair(wire, 0, () => Number(wire.int()));
      opsets.set(domainOf(domain), version);
    } else if (field === 14) metadata.set(...readPair(wire, '', string));
    else if (field === 25) {
      if (extras) extras.function(wire);
      else wire.lacksExtras = true;
    }
  });
  if (!graph) throw wire.damaged('there is no graph');
  const { constants } = graph;
  const nodes = (extras?.resolve(wire, graph, opsets) ?? graph.nodes) as GraphNode[];
  graph = { ...graph, nodes, inputs: graph.inputs.filter(({ name }) => !constants.has(name)) };
  if (!opsets.size) throw wire.fail('INVALID_MODEL', 'the model has no opset_import');
  const whole: Graph = { ...graph, nodes: inOrder(wire, graph), opsets, metadata };
  const external = new Map<string, string>();
  for (const { location, label } of wire.external) if (!external.has(location)) external.set(location, label);
  return {
    external,
    lacksExtras: wire.lacksExtras,
    graph: (files) => {
      resolveExternal(wire, files);
      return whole;
    },
  };
}
