import { visible } from '../errors.ts';
import { inside } from '../graph/face.ts';
import { formatDims, type Tensor } from '../graph/tensor.ts';
import { startCompiling } from '../runtime/options.ts';
import { softmax, topK } from '../vision/scores.ts';
import { modelOptions, parse, runOptions, threadsText, UsageError, wholeNumber } from './arguments.ts';
import { openModel } from './files.ts';
import { bars, formatMemory, formatMs } from './format.ts';
import { labelsFor, readInput } from './pictures.ts';
import { print, warn } from './print.ts';

/** `run MODEL INPUT`: takes a picture or .npy; prints the best classes, or the outputs, and the times. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, {
    ...modelOptions,
    top: { type: 'string', default: '5' },
    preset: { type: 'string' },
  });
  const [path, input, ...rest] = positionals;
  if (path === undefined || input === undefined || rest.length > 0) throw new UsageError('run takes a model and an input');
  const top = wholeNumber('top', values.top, 1);

  const options = runOptions(values);
  const started = performance.now();
  const compiling = startCompiling(options);
  const file = openModel(path);
  const loadMs = performance.now() - started;
  const tensor = await readInput(input, path, values.preset);
  const compileStart = performance.now();
  const name = file.inputs[0]?.name ?? 'input';
  const model = await file.create({ ...options, inputShapes: { [name]: tensor.dims } }, compiling);
  const compileMs = performance.now() - compileStart;
  warn(model.warnings);
  const runStart = performance.now();
  const outputs = model.runSync({ [name]: tensor });
  const runMs = performance.now() - runStart;

  const scores = classScores(outputs);
  const labels = scores && labelsFor(path, values.preset, scores.length);
  const classes =
    scores && topK(scores, top).map(({ index, value }) => ({ index, label: visible(labels?.[index] ?? `class ${index}`), score: value }));
  const times = { loadMs, compileMs, runMs };
  if (values.json) {
    const listed = Object.entries(outputs).map(([name, tensor]) => ({
      name,
      type: tensor.type,
      dims: tensor.dims,
      data: Array.from(inside(tensor).data, Number),
    }));
    print(
      JSON.stringify({
        model: path,
        input,
        variant: model.variant,
        ...(classes ? { classes } : {}),
        outputs: listed,
        times,
        memory: model.memory,
      }),
    );
    return 0;
  }
  print(`\n${input}\n`);
  print(classes ? bars(classes) : Object.entries(outputs).map(describeOutput).join('\n'));
  print(
    `\n  load ${formatMs(loadMs)} · compile ${formatMs(compileMs)} · inference ${formatMs(runMs)} (first run, ${model.variant}, ${threadsText(model.threads)})`,
  );
  print(`  ${formatMemory(model.memory)}\n`);
  return 0;
}

/** Probabilities, if the only output is one score per class for one picture: as they are, or through a softmax. */
function classScores(outputs: Readonly<Record<string, Tensor>>): Float32Array | undefined {
  const [output, ...others] = Object.values(outputs).map((tensor) => inside(tensor, true));
  if (
    output?.type !== 'float32' ||
    others.length > 0 ||
    output.dims[0] !== 1 ||
    output.dims.length < 2 ||
    output.dims.slice(2).some((dim) => dim !== 1)
  )
    return undefined;
  const data = output.data as Float32Array;
  const sum = data.reduce((a, b) => a + b, 0);
  return Math.abs(sum - 1) < 1e-3 && data.every((x) => x >= 0) ? data : softmax(data);
}

function describeOutput([name, tensor]: [string, Tensor]): string {
  const { type, dims } = tensor;
  const numbers = Array.from(inside(tensor).data, Number);
  const shown = numbers.slice(0, 6).map((x) => x.toPrecision(6));
  return `  ${visible(name)}: ${type} ${formatDims(dims)} = ${shown.join(', ')}${numbers.length > 6 ? ', ...' : ''}`;
}
