// What the plan chooses for every layer of the networks that everybody has: algorithms.txt lists it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { compile } from '../../src/compiler/compile.ts';
import { readOnnx } from '../../src/formats/onnx/index.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { algorithmOf } from '../../src/plan/forms.ts';
import { zoo } from '../../src/zoo/index.ts';

/** One of each family, and those of other sizes of pictures: by layer. The others, which are built alike, by how many layers take what. */
const byLayer: ReadonlySet<string> = new Set([
  'alexnet',
  'alexnet2012',
  'vgg16',
  'network_in_network',
  'googlenet',
  'googlenet2014',
  'resnet18',
  'resnet50',
  'resnet20',
  'plain18',
  'densenet121',
  'squeezenet1_1',
  'mobilenet_v2',
  'cifar10-resnet20',
]);

/** Every network by its name. */
export const networks: ReadonlyMap<string, () => Graph> = new Map([
  ...[...zoo].map(([name, factory]) => [name, () => factory().graph()] as const),
  ['cifar10-resnet20', () => readOnnx(readFileSync('models/cifar10-resnet20/model.onnx'))],
]);

/** The lines of a network, for one picture: `layer: kernel form`, or how many of each and a hash of what would be those lines. */
export function algorithmsOf(name: string): string[] {
  const graph = (networks.get(name) as () => Graph)();
  const dims = new Map(graph.inputs.map((input) => [input.name, input.dims.map((dim) => (typeof dim === 'number' ? dim : 1))]));
  const steps = compile(graph, { dims }).steps.map((step) => {
    const { kernel, form } = algorithmOf(step);
    return { layer: step.node, algorithm: `${kernel} ${form}`.trim() };
  });
  const lines = steps.map(({ layer, algorithm }) => `${layer}: ${algorithm}`);
  if (byLayer.has(name)) return lines;
  const counts = new Map<string, number>();
  for (const { algorithm } of steps) counts.set(algorithm, (counts.get(algorithm) ?? 0) + 1);
  const hash = createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);
  return [...[...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([algorithm, count]) => `${count} × ${algorithm}`), `hash: ${hash}`];
}

/** algorithms.txt, anew. */
export const algorithmsText = (): string =>
  [...networks.keys()]
    .map((name) => [`# ${name}`, ...algorithmsOf(name)].join('\n'))
    .join('\n\n')
    .concat('\n');

/** The lines of each network in algorithms.txt. */
export const sectionsOf = (text: string): ReadonlyMap<string, string[]> =>
  new Map(
    text
      .trimEnd()
      .split('\n\n')
      .map((section) => {
        const [title = '', ...lines] = section.split('\n');
        return [title.replace(/^# /, ''), lines];
      }),
  );
