import type { Graph, GraphNode } from '../../graph/graph.ts';
import type { Bytes } from '../bytes.ts';
import { domainOf, readGraph } from './graph.ts';
import { inOrder } from './order.ts';
import { type Extras, type GraphParts, readPair, Wire } from './wire.ts';

/** A model whose external data has not been read yet. */
export interface OpenedOnnx {
  /**
   * The external files, as paths with '/' relative to the model's folder and inside it; each with the first tensor that it
   * holds, for errors.
   */
  readonly external: ReadonlyMap<string, string>;
  /**
   * @param files the bytes of each of them
   * @throws LanewiseError FILE_NOT_FOUND for a missing file, TRUNCATED_FILE for one that is too short
   */
  graph(files?: ReadonlyMap<string, Bytes>): Graph;
  /** Whether the model turned out to need `extras`, so that it has to be opened again. */
  readonly lacksExtras: boolean;
}

/** The first half of `readOnnx`, because which other files a model needs is known only once it is read. */
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
      extras?.resolveExternal(wire, files);
      return whole;
    },
  };
}

/**
 * As `openOnnx`, but fetches the readers that few files need if this one does.
 * @param stays gives what `newExtras` takes
 */
export async function openFetching(
  bytes: Bytes,
  what: string,
  stays?: () => ((node: GraphNode) => unknown) | undefined,
): Promise<OpenedOnnx> {
  const opened = openOnnx(bytes, what);
  return opened.lacksExtras ? openOnnx(bytes, what, (await import('./subgraphs.ts')).newExtras(stays?.())) : opened;
}
