import { formatBytes } from '../analysis/text.ts';
import { LanewiseError } from '../errors.ts';
import { compareTensors, misfitError } from '../formats/fit.ts';
import { writeOnnx } from '../formats/onnx/writer.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { isWeights, type Weights } from '../formats/weights.ts';
import type { Constant, Graph } from '../graph/graph.ts';
import { writeFile } from '../source.ts';
import { checkWritten, isSafetensors, parse, UsageError } from './arguments.ts';
import { readBytes, readModel } from './files.ts';
import { print } from './print.ts';

/** `convert IN OUT`: a model or its weights in another format, or in half the space. */
export async function convert(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, { weights: { type: 'string', default: 'f32' }, graph: { type: 'string' } });
  const [from, to, ...rest] = positionals;
  if (from === undefined || to === undefined || rest.length > 0) throw new UsageError('convert takes a file to read and one to write');
  const { weights, graph: base } = values;
  if (!isWeights(weights)) throw new UsageError(`--weights takes f32 or f16, got '${weights}'`);
  checkWritten('convert', to);
  if (base !== undefined && !(isSafetensors(from) && !isSafetensors(to))) {
    throw new UsageError('--graph is for weights in .safetensors that become an .onnx');
  }

  if (isSafetensors(to)) {
    const { tensors, metadata } = isSafetensors(from) ? readSafetensors(readBytes(from), from) : contents(readModel(from));
    return report(to, writeSafetensors(tensors, { metadata, weights }), tensors, weights);
  }
  const graph = isSafetensors(from) ? withWeights(from, base) : readModel(from);
  return report(to, writeOnnx(graph, { weights }), graph.constants, weights);
}

const contents = ({ constants, metadata }: Graph) => ({ tensors: constants, metadata });

async function report(path: string, bytes: Uint8Array, tensors: ReadonlyMap<string, Constant>, weights: Weights): Promise<number> {
  await writeFile(path, bytes);
  print(`${path}: ${tensors.size} tensors, weights ${weights}, ${formatBytes(bytes.length)}`);
  return 0;
}

/** The graph of a model with the tensors of a safetensors file in place of its own. */
function withWeights(path: string, base: string | undefined): Graph {
  if (base === undefined) {
    throw new LanewiseError('INVALID_INPUT', `${path} holds weights but no graph: give a model that has one with --graph BASE.onnx`);
  }
  const { tensors } = readSafetensors(readBytes(path), path);
  const graph = readModel(base);
  const misfit = compareTensors(graph.constants, tensors);
  if (misfit.missing.length + misfit.unexpected.length + misfit.misshapen.length > 0) {
    throw misfitError(`${path} does not fit ${base}`, misfit, graph.constants, tensors);
  }
  return { ...graph, constants: tensors };
}
