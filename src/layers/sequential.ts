import { checkOptions, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { join, LATER, type Layer, type LayerFunction, type LayerOptions, onlyName } from './layer.ts';
import { type LayersModel, type ModelOptions, model } from './model.ts';
import { checkName } from './options.ts';
import { SymbolicTensor, symbolic } from './symbol.ts';

/**
 * What `sequential` takes: a layer, a block (a function from one symbolic tensor to the next), or a layer's function that
 * needs no arguments.
 */
export type SequentialItem = Layer | Pick<LayerFunction<[options?: LayerOptions]>, typeof LATER>;

/**
 * Layers one after the other. If it has a name, its layers are named by their position, as in torch.nn.Sequential:
 * 'features.0', 'features.1'; layers with names of their own 'features.conv0'.
 *
 * @param layers with an `input()` first they are a whole network and the result is a model; else it is a layer
 * @param options those of `model` for a model, a name for a layer
 * @throws LanewiseError INVALID_INPUT for what is no layer; the layers' own errors
 * @example
 * import { conv2d, dense, flatten, input, maxPool2d, relu, sequential } from 'lanewise/layers';
 *
 * const network = sequential([input([1, 28, 28]), conv2d(8, 5), relu, maxPool2d(2), flatten, dense(10)]);
 * network.parameterCount; // 11738
 */
export function sequential(layers: readonly [SymbolicTensor, ...SequentialItem[]], options?: ModelOptions): LayersModel;
/** Layers one after the other, as a layer of its own. */
export function sequential(layers: readonly SequentialItem[], options?: LayerOptions): Layer;
export function sequential(
  layers: readonly (SymbolicTensor | SequentialItem)[],
  options: LayerOptions | ModelOptions = {},
): Layer | LayersModel {
  if (!Array.isArray(layers)) throw new LanewiseError('INVALID_INPUT', `sequential takes a list of layers, got ${shown(layers)}`);
  const [first, ...rest] = layers as readonly (SymbolicTensor | SequentialItem)[];
  const start = first instanceof SymbolicTensor ? first : undefined;
  const items = Array.from(start ? rest : layers, (item, i) => checked(item, start ? i + 1 : i));
  if (start) return model(start, apply(items, start, undefined), options);
  checkOptions('sequential', options, onlyName);
  checkName('sequential', options.name);
  let applied = false;
  const layer = (x: SymbolicTensor, name?: string) => {
    checkName('sequential', name);
    // As for a single layer, the names are those of the first application.
    const prefix = applied && name === undefined ? undefined : join(name, options.name);
    const y = apply(items, symbolic(x, 'what sequential is applied to'), prefix);
    applied = true;
    return y;
  };
  return Object.assign(layer, { label: options.name });
}

const apply = (layers: readonly Layer[], x: SymbolicTensor, prefix: string | undefined): SymbolicTensor =>
  layers.reduce((y, layer, i) => {
    const name = prefix !== undefined && layer.label === undefined ? `${prefix}.${i}` : prefix;
    return symbolic(layer(y, name), `what layer ${i} of sequential gives`);
  }, x);

function checked(item: unknown, i: number): Layer {
  if (typeof item === 'function') return LATER in item ? (item as LayerFunction<[]>)[LATER]() : (item as Layer);
  const what = item instanceof SymbolicTensor ? 'a symbolic tensor, which stands first' : shown(item);
  throw new LanewiseError('INVALID_INPUT', `entry ${i} of sequential is a layer such as conv2d(64, 3) or relu, got ${what}`);
}
