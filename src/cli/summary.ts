import { formatSummary } from '../analysis/formatSummary.ts';
import { summarize } from '../analysis/summarize.ts';
import { formatCount } from '../analysis/text.ts';
import { compile } from '../compiler/compile.ts';
import { LanewiseError } from '../errors.ts';
import { createModel, fitted, initialDims } from '../load.ts';
import { kernelOf } from '../plan/instructions.ts';
import { inputShapes, parse, UsageError } from './arguments.ts';
import { readModel } from './files.ts';
import { formatMemory } from './format.ts';
import { print, warn } from './print.ts';
import { withoutProgress } from './progress.ts';

/** `summary MODEL`: the table of layers. */
export async function summary(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, 'summary');
  const [path, ...rest] = positionals;
  if (path === undefined || rest.length > 0) throw new UsageError('summary takes a model');
  withoutProgress(values.json);
  const { graph, warnings } = await fitted(await readModel(path));
  const options = { inputShapes: inputShapes(values.shape) };
  const dims = initialDims(graph, options);
  if (!dims) {
    const open = graph.inputs.map((input) => `--shape ${input.name}=${input.dims.map((dim) => dim || '?')}`).join(' ');
    throw new LanewiseError('INVALID_INPUT', `${path} leaves dimensions open; give them: ${open}`);
  }
  const result = summarize(graph, dims);
  const model = await createModel(graph, options);
  const { memory } = model;
  warn([...warnings, ...model.warnings]);
  const { relayouts, steps } = compile(graph, { dims });
  const kernels = new Map(steps.map((step) => [step.node, kernelOf(step)]));
  // Where all layers run in float32, the column would only be in the way.
  const quantized = [...kernels.values()].some((kernel) => kernel.startsWith('u8_'));
  if (values.json) {
    print(JSON.stringify({ ...result, memory, relayouts, ...(quantized && { kernels: Object.fromEntries(kernels) }) }));
    return 0;
  }
  const { layers, params, macs } = result;
  print(formatSummary(result, quantized ? kernels : undefined));
  print(`\n${layers.length} layers, ${formatCount(params)} parameters, ${formatCount(macs)} multiply-accumulates`);
  print(formatMemory(memory));
  print(`${relayouts} ${relayouts === 1 ? 'change' : 'changes'} of layout (NCHW at the model's face, NHWC inside)`);
  return 0;
}
