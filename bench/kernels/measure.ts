import benny from 'benny';
import { compile } from '../../src/compiler/compile.ts';
import { addOperators } from '../../src/compiler/operators.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { algorithmOf } from '../../src/plan/forms.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { compileModule, type Variant } from '../../src/runtime/wasm.ts';
import type { BenchCase } from './cases.ts';

export interface Row {
  kernel: string;
  name: string;
  /** Median milliseconds of a call. */
  ms: number;
  /** Half the width of the mean's 95 % interval, in percent. */
  margin: number;
  unit: 'GFLOP/s' | 'GB/s';
  rate: number;
  /** The rate in the fastest sample. */
  best: number;
}

addOperators();

/** Milliseconds. */
const WARM_UP = 200;

const elements = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** Numbers in [0.5, 1.5): valid as variances, too, and far from values that make arithmetic slow. */
const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => 0.5 + ((i * 7919) % 1009) / 1009);

export function graphOf({ op, opset = 13, inputs, attributes = {}, values = {}, channelsLast }: BenchCase): Graph {
  const names = inputs.map((_, i) => `input${i}`);
  const constants = inputs.slice(1).map((dims, i) => ({
    name: `input${i + 1}`,
    type: 'float32' as const,
    dims,
    read: () =>
      values[i + 1] ? Float32Array.from({ length: elements(dims) }, (_, at) => values[i + 1]?.(at) ?? 0) : numbers(elements(dims)),
  }));
  const pool = {
    op: 'MaxPool',
    domain: '',
    name: 'before',
    inputs: ['input0'],
    outputs: ['last'],
    attributes: new Map([['kernel_shape', [1, 1]]]),
  };
  const node = {
    op,
    domain: '',
    name: op,
    inputs: channelsLast ? ['last', ...names.slice(1)] : names,
    outputs: ['output'],
    attributes: new Map(Object.entries(attributes)),
  };
  return {
    name: op,
    inputs: [{ name: 'input0', type: 'float32', dims: inputs[0] ?? [] }],
    outputs: [{ name: 'output' }],
    nodes: channelsLast ? [pool, node] : [node],
    constants: new Map(constants.map((constant) => [constant.name, constant])),
    opsets: new Map([['', opset]]),
    metadata: new Map(),
  };
}

/** Floating-point operations, or bytes. */
function workOf({ limit, inputs, bytes }: BenchCase, plan: Plan, macs: number): number {
  if (bytes !== undefined) return bytes;
  const output = elements(plan.outputs[0]?.dims ?? []);
  return limit === 'arithmetic' ? 2 * macs : 4 * (inputs.reduce((sum, dims) => sum + elements(dims), 0) + output);
}

export async function measure(cases: readonly BenchCase[], variant: Variant): Promise<Row[]> {
  const module = await compileModule(variant, 'more');
  const prepared = cases.map((config) => {
    const plan = compile(graphOf(config), {
      dims: new Map([['input0', config.inputs[0] ?? []]]),
      winograd: config.winograd ?? false,
      // Otherwise an instruction that runs repeatedly on its own output would soon compute with infinities.
      inPlace: false,
    });
    const index = plan.steps.findIndex((step) => algorithmOf(step).kernel === config.kernel);
    const engine = new Engine(module);
    engine.use(plan);
    const input = plan.inputs[0];
    if (index < 0 || !input) throw new Error(`${config.name} does not call ${config.kernel}`);
    engine.view(input.pointer, elements(input.dims)).set(numbers(elements(input.dims)));
    engine.run();
    const run = () => engine.run(index, index + 1);
    // Runs until the engine has optimised it.
    for (const end = performance.now() + WARM_UP; performance.now() < end; ) run();
    return { run, work: workOf(config, plan, plan.steps[index]?.macs ?? 0) };
  });
  const { results } = await benny.suite(
    `kernels, ${variant}`,
    // Asynchronous, because benny would otherwise call the kernel a few times to find out what it returns.
    ...cases.map(({ name }, i) => benny.add(name, async () => () => prepared[i]?.run())),
    benny.configure({ cases: { minSamples: 20, maxTime: 1 } }),
  );
  return cases.map(({ kernel, name, limit }, i): Row => {
    const { median = Number.NaN, min = Number.NaN, relativeMarginOfError = Number.NaN } = results[i]?.details ?? {};
    const rateOf = (seconds: number) => (prepared[i]?.work ?? 0) / seconds / 1e9;
    const unit = limit === 'arithmetic' ? 'GFLOP/s' : 'GB/s';
    return { kernel, name, ms: median * 1000, margin: relativeMarginOfError, unit, rate: rateOf(median), best: rateOf(min) };
  });
}
