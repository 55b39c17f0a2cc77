import { formatBytes } from '../analysis/text.ts';
import { LanewiseError } from '../errors.ts';
import { openCheckpoint } from '../formats/checkpoint/index.ts';
import { compareTensors, misfitError } from '../formats/fit.ts';
import { writeOnnx } from '../formats/onnx/writer.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { isCheckpoint, isCounter, isWeights, type Weights } from '../formats/weights.ts';
import type { Constant, Graph } from '../graph/graph.ts';
import { writeFile } from '../source.ts';
import { checkWritten, isSafetensors, parse, UsageError } from './arguments.ts';
import { openPlace, readModel, readPlace } from './files.ts';
import { print } from './print.ts';

/** `convert IN OUT`: a model or its weights in another format, or in half the space. */
export async function convert(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, 'convert');
  const [from, to, ...rest] = positionals;
  if (from === undefined || to === undefined || rest.length > 0) throw new UsageError('convert takes a file to read and one to write');
  const { weights, graph: base } = values;
  if (!isWeights(weights)) throw new UsageError(`--weights takes f32 or f16, got '${weights}'`);
  checkWritten('convert', to);
  const isAlone = isSafetensors(from) || isCheckpoint(from);
  if (base !== undefined && !(isAlone && !isSafetensors(to))) {
    throw new UsageError('--graph is for weights in .safetensors or .pth that become an .onnx');
  }

  if (isSafetensors(to)) {
    const { tensors, metadata } = isAlone ? await readWeights(from) : contents(await readModel(from));
    return report(to, writeSafetensors(tensors, { metadata, weights }), tensors, weights);
  }
  const graph = isAlone ? await withWeights(from, base) : await readModel(from);
  return report(to, writeOnnx(graph, { weights }), graph.constants, weights);
}

const contents = ({ constants, metadata }: Graph) => ({ tensors: constants, metadata });

async function report(path: string, bytes: Uint8Array, tensors: ReadonlyMap<string, Constant>, weights: Weights): Promise<number> {
  await writeFile(path, bytes);
  print(`${path}: ${tensors.size} tensors, weights ${weights}, ${formatBytes(bytes.length)}`);
  return 0;
}

/** A file that holds weights alone: safetensors, or PyTorch's checkpoint. */
async function readWeights(path: string): Promise<{ tensors: ReadonlyMap<string, Constant>; metadata: ReadonlyMap<string, string> }> {
  if (isSafetensors(path)) return readSafetensors(await readPlace(path), path);
  return { tensors: openCheckpoint(await openPlace(path), path).tensors, metadata: new Map() };
}

/** The graph of a model with the tensors of such a file in place of its own. */
async function withWeights(path: string, base: string | undefined): Promise<Graph> {
  if (base === undefined) {
    throw new LanewiseError('INVALID_INPUT', `${path} holds weights but no graph: give a model that has one with --graph BASE.onnx`);
  }
  const graph = await readModel(base);
  const tensors = new Map([...(await readWeights(path)).tensors].filter(([name]) => graph.constants.has(name) || !isCounter(name)));
  const misfit = compareTensors(graph.constants, tensors);
  if (misfit.missing.length + misfit.unexpected.length + misfit.misshapen.length > 0) {
    throw misfitError(`${path} does not fit ${base}`, misfit, graph.constants, tensors);
  }
  return { ...graph, constants: tensors };
}
