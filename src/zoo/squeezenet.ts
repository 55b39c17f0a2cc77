import type { Graph } from '../graph/graph.ts';
import { type Factory, Net, type ZooOptions } from './net.ts';

/** A fire module's channels: those it squeezes to, and those of each of the two convolutions that it expands with. */
type Fire = readonly [squeeze: number, expand: number];

/** What torchvision's `features` hold from their first pooling on, at their index there. */
const versions: Readonly<Record<'1_0' | '1_1', readonly (Fire | 'pool')[]>> = {
  '1_0': ['pool', [16, 64], [16, 64], [32, 128], 'pool', [32, 128], [48, 192], [48, 192], [64, 256], 'pool', [64, 256]],
  '1_1': ['pool', [16, 64], [16, 64], 'pool', [32, 128], [32, 128], 'pool', [48, 192], [48, 192], [64, 256], [64, 256]],
};

/** SqueezeNet (Iandola et al. 2016, arXiv:1602.07360), as torchvision has it. */
function squeezenet(version: '1_0' | '1_1', options: ZooOptions): Graph {
  const net = new Net(`squeezenet${version}`, options);
  let channels = version === '1_0' ? 96 : 64;
  const kernel = version === '1_0' ? 7 : 3;
  let x = net.relu(net.conv(net.input, 'features.0', 3, channels, { kernel, stride: 2, padding: 0, bias: true }));
  for (const [i, entry] of versions[version].entries()) {
    if (entry === 'pool') {
      x = net.maxPool(x, { kernel: 3, stride: 2, ceil: true });
      continue;
    }
    const [squeeze, expand] = entry;
    const name = `features.${i + 2}`;
    const squeezed = net.relu(net.conv(x, `${name}.squeeze`, channels, squeeze, { bias: true }));
    const expanded = [1, 3].map((kernel) =>
      net.relu(net.conv(squeezed, `${name}.expand${kernel}x${kernel}`, squeeze, expand, { kernel, bias: true })),
    );
    x = net.concat(expanded);
    channels = 2 * expand;
  }
  return net.scores(net.averages(net.relu(net.convClassifier(x, 'classifier.1', channels))));
}

export const squeezenet1_0: Factory = (options = {}) => squeezenet('1_0', options);
export const squeezenet1_1: Factory = (options = {}) => squeezenet('1_1', options);
