import { concat, conv2d, dropout, flatten, globalAvgPool2d, maxPool2d, relu, type SymbolicTensor } from '../layers/index.ts';
import { type Factory, imagenet, network } from './network.ts';

/** A fire module's channels: those that it squeezes to, and those of each of the two convolutions that it expands with. */
type Fire = readonly [squeeze: number, expand: number];

/** torchvision's `features` from the first pooling on, by their index there. */
const versions: Readonly<Record<'1_0' | '1_1', readonly (Fire | 'pool')[]>> = {
  '1_0': ['pool', [16, 64], [16, 64], [32, 128], 'pool', [32, 128], [48, 192], [48, 192], [64, 256], 'pool', [64, 256]],
  '1_1': ['pool', [16, 64], [16, 64], 'pool', [32, 128], [32, 128], 'pool', [48, 192], [48, 192], [64, 256], [64, 256]],
};

/** A 1×1 convolution to few channels, then 1×1 and 3×3 side by side. */
function fire(x: SymbolicTensor, [squeeze, expand]: Fire, name: string): SymbolicTensor {
  const squeezed = relu(conv2d(x, squeeze, 1, { name: `${name}.squeeze` }));
  const narrow = relu(conv2d(squeezed, expand, 1, { name: `${name}.expand1x1` }));
  const wide = relu(conv2d(squeezed, expand, 3, { padding: 1, name: `${name}.expand3x3` }));
  return concat([narrow, wide], { name });
}

function squeezenet(version: '1_0' | '1_1', filters: number, kernel: number): Factory {
  return network(`squeezenet${version}`, imagenet, (pictures, { classes }) => {
    let x = relu(conv2d(pictures, filters, kernel, { stride: 2, name: 'features.0' }));
    for (const [i, entry] of versions[version].entries()) {
      const name = `features.${i + 2}`;
      x = entry === 'pool' ? maxPool2d(x, 3, { stride: 2, ceilMode: true, name }) : fire(x, entry, name);
    }
    x = relu(conv2d(dropout(x, 0.5, { name: 'classifier.0' }), classes, 1, { name: 'classifier.1' }));
    return flatten(globalAvgPool2d(x, { name: 'classifier.3' }));
  });
}

/**
 * SqueezeNet 1.0 (Iandola et al. 2016, "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", arXiv:1602.07360),
 * the paper's; as in torchvision. 1,248,424 parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { squeezenet1_0 } from 'lanewise/zoo';
 *
 * squeezenet1_0().parameterCount; // 1248424
 */
export const squeezenet1_0 = squeezenet('1_0', 96, 7);
/**
 * SqueezeNet 1.1, by the same authors: as good with less than half of the arithmetic. As in torchvision. 1,235,496
 * parameters.
 * @param options classes, inputShape, seed
 * @throws LanewiseError as `Factory`: INVALID_INPUT, INVALID_MODEL, TOO_LARGE
 * @example
 * import { squeezenet1_1 } from 'lanewise/zoo';
 *
 * squeezenet1_1().parameterCount; // 1235496
 */
export const squeezenet1_1 = squeezenet('1_1', 64, 3);
