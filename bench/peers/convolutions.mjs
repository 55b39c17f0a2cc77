import { summarize } from '../../dist/analysis.js';
import { zoo } from '../../dist/zoo.js';

/** The convolutions of networks, each size once, with the networks that have it. */
export function convolutionsOf(names) {
  const found = new Map();
  for (const name of names) {
    const graph = zoo.get(name)().graph();
    const layers = new Map(summarize(graph).layers.map((layer) => [layer.name, layer]));
    for (const node of graph.nodes) {
      if (node.op !== 'Conv') continue;
      const { inputs, output, macs } = layers.get(node.name);
      const [, channels, height, width] = inputs[0];
      const group = node.attributes.get('group');
      // Those of these networks pad alike on both sides of an axis.
      const pads = node.attributes.get('pads');
      const size = {
        channels,
        height,
        width,
        filters: output[1],
        kernel: node.attributes.get('kernel_shape'),
        strides: node.attributes.get('strides'),
        pads,
        depthwise: group > 1,
        macs,
      };
      if (group > 1 && (group !== channels || output[1] !== channels)) throw new Error(`${node.name}: grouped, but not depthwise`);
      if (pads[0] !== pads[2] || pads[1] !== pads[3]) throw new Error(`${node.name}: padded on one side`);
      const key = JSON.stringify(size);
      if (!found.has(key)) found.set(key, { ...size, models: [] });
      const { models } = found.get(key);
      if (!models.includes(name)) models.push(name);
    }
  }
  return [...found.values()];
}

export const kindOf = ({ kernel, depthwise }) => `${kernel.join('×')}${depthwise ? ' depthwise' : ''}`;

/** As `3×3 s2 64→128 56×56`; the size is the input's. */
export function describe(convolution) {
  const { channels, filters, height, width, strides } = convolution;
  const stride = strides[0] > 1 ? ` s${strides[0]}` : '';
  return `${kindOf(convolution)}${stride} ${channels}→${filters} ${height}×${width}`;
}
