import { formatBytes } from '../analysis/text.ts';
import { compileGraph, moduleFor } from '../compiled/write.ts';
import { neededPack, operatorFinder } from '../compiler/bind.ts';
import { isWeights } from '../formats/weights.ts';
import { fitted } from '../load.ts';
import { MOST_THREADS } from '../runtime/options.ts';
import { writeFile } from '../source.ts';
import { inputShapes, isOnnx, isSafetensors, parse, UsageError, wholeNumber } from './arguments.ts';
import { readModel } from './files.ts';
import { print, warn } from './print.ts';

/** `compile MODEL OUT`: compiles an ONNX file to a compiled model. */
export async function compile(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, 'compile');
  const [path, to, ...rest] = positionals;
  if (path === undefined || to === undefined || rest.length > 0) throw new UsageError('compile takes a model and a file to write');
  const { weights } = values;
  if (!isWeights(weights)) throw new UsageError(`--weights takes f32 or f16, got '${weights}'`);
  // For these kinds of files, another command was meant.
  if (isOnnx(to) || isSafetensors(to)) throw new UsageError(`compile writes compiled models, not '${to}': name it something.lanewise`);
  const threads = wholeNumber('threads', values.threads, 1, MOST_THREADS);
  const options = { weights, threads, inputShapes: inputShapes(values.shape), winograd: !values['no-winograd'] };
  const { graph, warnings } = await fitted(await readModel(path));
  warn(warnings);
  const bytes = compileGraph(graph, options, await moduleFor(graph));
  await writeFile(to, bytes);
  const integers = neededPack(graph, operatorFinder()) === 'quantized' ? 'int8 and ' : '';
  print(`${to}: weights ${integers}${weights}, ${formatBytes(bytes.length)}`);
  return 0;
}
