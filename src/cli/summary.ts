import { summarize } from '../analysis/summary.ts';
import { compile } from '../compiler/compile.ts';
import { LanewiseError } from '../errors.ts';
import { formatDims } from '../graph/tensor.ts';
import { createModel, initialDims } from '../load.ts';
import { inputShapes, parse, UsageError } from './arguments.ts';
import { readModel } from './files.ts';
import { formatCount, formatMemory, table } from './format.ts';

/** `summary MODEL`: the table of layers. */
export async function summary(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, {
    json: { type: 'boolean', default: false },
    shape: { type: 'string', multiple: true, default: [] },
  });
  const [path, ...rest] = positionals;
  if (path === undefined || rest.length > 0) throw new UsageError('summary takes a model');
  const graph = readModel(path);
  const options = { inputShapes: inputShapes(values.shape) };
  const dims = initialDims(graph, options);
  if (!dims) {
    const open = graph.inputs.map((input) => `--shape ${input.name}=${input.dims.map((dim) => dim || '?')}`).join(' ');
    throw new LanewiseError('INVALID_INPUT', `${path} leaves dimensions open; give them: ${open}`);
  }
  const { layers, params, macs } = summarize(graph, dims);
  const { memory } = await createModel(graph, options);
  const { relayouts } = compile(graph, { dims });
  if (values.json) {
    console.log(JSON.stringify({ layers, params, macs, memory, relayouts }));
    return 0;
  }
  const rows = layers.map((layer) => [
    layer.name,
    layer.op,
    layer.output ? formatDims(layer.output) : '?',
    formatCount(layer.params),
    formatCount(layer.macs),
    layer.receptiveField.join('×'),
  ]);
  console.log(table(['layer', 'operator', 'output', 'params', 'MACs', 'sees'], rows, [3, 4, 5]));
  console.log(`\n${layers.length} layers, ${formatCount(params)} parameters, ${formatCount(macs)} multiply-accumulates`);
  console.log(formatMemory(memory));
  console.log(`${relayouts} ${relayouts === 1 ? 'change' : 'changes'} of layout (NCHW at the model's face, NHWC inside)`);
  return 0;
}
