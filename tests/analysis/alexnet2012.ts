import { GraphBuilder } from '../../src/graph/builder.ts';
import type { Constant, Graph } from '../../src/graph/graph.ts';

/** A weight whose elements nobody reads. */
export const shaped = (name: string, dims: readonly number[]): Constant => ({
  name,
  type: 'float32',
  dims,
  read: () => {
    throw new Error(`${name} is read`);
  },
});

/** Channels, kernel, stride, padding, groups; whether a pool follows. */
const convolutions = [
  [96, 11, 4, 0, 1, true],
  [256, 5, 1, 2, 2, true],
  [384, 3, 1, 1, 1, false],
  [384, 3, 1, 1, 2, false],
  [256, 3, 1, 1, 2, true],
] as const;

/**
 * AlexNet as in the paper (Krizhevsky, Sutskever and Hinton 2012): two towers, which are groups where they do not see each other.
 * @param pooled whether the last map is pooled before the dense layers
 */
export function alexnet2012({ size = 227, pooled = true, bias = true } = {}): Graph {
  const net = new GraphBuilder('alexnet2012');
  const both = (x: number) => [x, x];
  let x = net.input('picture', ['N', 3, size, size]);
  const layer = (op: string, name: string, dims: number[], attributes: Record<string, number | number[]>) => {
    const inputs = [x, net.constant(shaped(`${name}.weight`, dims))];
    if (bias) inputs.push(net.constant(shaped(`${name}.bias`, [dims[0] ?? 0])));
    x = net.node('Relu', [net.node(op, inputs, { name, attributes })]);
  };
  let from = 3;
  convolutions.forEach(([to, kernel, stride, padding, group, halved], i) => {
    const attributes = { strides: both(stride), pads: [...both(padding), ...both(padding)], group };
    layer('Conv', `conv${i + 1}`, [to, from / group, kernel, kernel], attributes);
    if (i < 2) x = net.node('LRN', [x], { attributes: { size: 5 }, floats: { alpha: 5e-4, bias: 2 } });
    if (halved && (pooled || i < 4)) x = net.node('MaxPool', [x], { attributes: { kernel_shape: both(3), strides: both(2) } });
    from = to;
  });
  x = net.node('Flatten', [x]);
  let depth = (pooled ? 6 * 6 : 13 * 13) * from;
  [4096, 4096, 1000].forEach((to, i) => {
    layer('Gemm', `fc${i + 6}`, [to, depth], { transB: 1 });
    depth = to;
  });
  net.output('classes', x);
  return net.build();
}
