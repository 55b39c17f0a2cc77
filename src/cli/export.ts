import { formatBytes } from '../analysis/text.ts';
import { LanewiseError } from '../errors.ts';
import { writeOnnx } from '../formats/onnx/writer.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import { writeFile } from '../source.ts';
import { zoo } from '../zoo/index.ts';
import { checkWritten, isSafetensors, parse, UsageError, wholeNumber } from './arguments.ts';
import { print } from './print.ts';

/** `export NAME OUT`: a network of the zoo with random weights, whole as .onnx or its weights as .safetensors. */
export async function exportModel(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, 'export');
  const [name, to, ...rest] = positionals;
  if (name === undefined || to === undefined || rest.length > 0) throw new UsageError('export takes a name and a file to write');
  const seed = wholeNumber('seed', values.seed, 0);
  const classes = values.classes === undefined ? undefined : wholeNumber('classes', values.classes, 1);
  const inputShape = values.shape?.split(',').map(Number);
  if (inputShape && (inputShape.length !== 3 || !inputShape.every((size) => Number.isSafeInteger(size) && size > 0))) {
    throw new UsageError(`--shape takes CHANNELS,HEIGHT,WIDTH such as 3,224,224, got '${values.shape}'`);
  }
  checkWritten('export', to);
  const factory = zoo.get(name);
  if (!factory) throw new LanewiseError('INVALID_INPUT', `the zoo has no '${name}'; it has ${[...zoo.keys()].join(', ')}`);

  const graph = factory({ classes, inputShape, seed }).graph();
  // The file's metadata says that nothing was learned.
  const metadata = new Map([
    ['model', name],
    ['weights', `random, seed ${seed}`],
  ]);
  const bytes = isSafetensors(to) ? writeSafetensors(graph.constants, { metadata }) : writeOnnx({ ...graph, metadata });
  await writeFile(to, bytes);
  print(`${to}: ${name} with random weights (seed ${seed}), ${graph.constants.size} tensors, ${formatBytes(bytes.length)}`);
  return 0;
}
