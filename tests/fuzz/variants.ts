// The ways in which Lanewise can run one graph. All come to the same; some to the same bits.

import { load as loadCompiled } from '../../src/compiled/index.ts';
import { compileGraph, moduleFor } from '../../src/compiled/write.ts';
import { compile } from '../../src/compiler/compile.ts';
import { verify } from '../../src/compiler/verify.ts';
import { LanewiseError } from '../../src/errors.ts';
import { readOnnx } from '../../src/formats/onnx/index.ts';
import { writeOnnx } from '../../src/formats/onnx/writer.ts';
import type { Attribute, Constant, Graph, GraphNode, Subgraph } from '../../src/graph/graph.ts';
import { type DataType, Tensor } from '../../src/graph/tensor.ts';
import { createModel, load, planSource } from '../../src/load.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { Engine } from '../../src/runtime/engine.ts';
import type { Model } from '../../src/runtime/model.ts';
import { compileModule } from '../../src/runtime/wasm.ts';
import { encodeModel } from '../formats/onnx-writer.ts';
import { finished } from '../kernels/late.ts';
import { type FuzzGraph, type FuzzTensor, fileOf } from './graph.ts';
import type { Result, Results } from './onnxruntime.ts';

/** Options of every run. */
const common: { readonly memoryLimit: number; winograd?: boolean } = { memoryLimit: 64 * 1024 ** 2 };
/** From now on without Winograd's algorithm of float32, so that sums of few bits are exact. */
export function withoutWinograd(): void {
  common.winograd = false;
}

const strict = compileModule('strict', 'more').then((module) => ({ module, variant: 'strict' as const }));

type Feeds = Record<string, Tensor>;

const toTensor = ({ type, data, dims }: FuzzTensor): Tensor => new Tensor(type, data as never, dims);
export const feedsOf = (graph: FuzzGraph): Feeds => Object.fromEntries(graph.feeds.map((feed) => [feed.name, toTensor(feed)]));
const results = (outputs: Readonly<Record<string, Tensor>>): Results =>
  new Map(Object.entries(outputs).map(([name, tensor]): [string, Result] => [name, tensor as Tensor<DataType>]));

/** What is asked for in float64 and runs in float32 is not to be compared with what ran in float64. */
function checkTypes({ warnings }: Model): void {
  const warning = warnings.find((text) => text.includes('float64'));
  if (warning) throw new LanewiseError('UNSUPPORTED', warning);
}

/** As a user runs it: the file, loaded. */
export async function runFile(graph: FuzzGraph): Promise<Results> {
  const model = await load(fileOf(graph), common);
  try {
    checkTypes(model);
    return results(model.runSync(feedsOf(graph)));
  } finally {
    model.dispose();
  }
}

async function runModel(graph: Graph, feeds: Feeds = {}, options: object = {}): Promise<Results> {
  const model = await createModel(graph, { ...common, ...options }, 'threads' in options ? undefined : strict);
  try {
    checkTypes(model);
    return results(await model.run(feeds));
  } finally {
    model.dispose();
  }
}

/** By the compiler's own options. */
async function runPlan(graph: Graph, feeds: Feeds, options: object): Promise<Results> {
  const { shapingInputs } = planSource(graph, {});
  const values = new Map(Object.entries(feeds).filter(([name]) => shapingInputs.has(name)));
  const dims = new Map(Object.entries(feeds).map(([name, { dims }]) => [name, dims]));
  const plan = compile(graph, { dims, values, verify, ...common, ...options });
  const engine = new Engine(await moduleFor(graph));
  const count = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
  const execute = (plan: Plan, given: readonly Tensor[]) => {
    engine.use(plan);
    plan.inputs.forEach(({ pointer, type, dims }, i) => void engine.view(pointer, count(dims), type).set(given[i]?.data as never));
    engine.run();
    return plan.outputs.map(({ type, dims, pointer }) => engine.view(pointer, count(dims), type).slice());
  };
  const data = execute(
    plan,
    plan.inputs.map(({ name }) => feeds[name] as Tensor),
  );
  const made = plan.outputs.map(({ name, type, dims }, i): [string, Tensor] => [name, new Tensor(type, data[i] as never, dims)]);
  const all = finished(graph, plan, new Map([...Object.entries(feeds), ...made]), execute);
  return results(Object.fromEntries(graph.outputs.map(({ name }, i) => [name, all[i] as Tensor])));
}

const node = (op: string, inputs: string[], output: string, attributes: Record<string, Attribute> = {}): GraphNode => ({
  op,
  domain: '',
  name: output,
  inputs,
  outputs: [output],
  attributes: new Map(Object.entries(attributes)),
});

/** Every float32 picture that is fed goes another way first. */
function detour(graph: Graph, way: (name: string, dims: readonly number[]) => GraphNode[]): Graph {
  const before: GraphNode[] = [];
  const renamed = new Map<string, string>();
  for (const { name, type, dims } of graph.inputs) {
    if (type !== 'float32' || dims.length !== 4 || dims.includes(0)) continue;
    const nodes = way(name, dims as number[]);
    before.push(...nodes);
    renamed.set(name, nodes.at(-1)?.outputs[0] as string);
  }
  const nodes = graph.nodes.map((given) => ({ ...given, inputs: given.inputs.map((name) => renamed.get(name) ?? name) }));
  return { ...graph, nodes: [...before, ...nodes] };
}

const constantOf = ({ name, type, dims, data }: FuzzTensor): Constant => ({ name, type, dims, read: () => data });

const narrowed = (value: Result): Result =>
  value.type === 'float64' ? { ...value, type: 'float32', data: Float32Array.from(value.data as Float64Array) } : value;

/** The whole network inside a node: every other constant goes in with it, and what is fed is seen from inside. */
function inside(graph: Graph, wrap: (body: Subgraph, outputs: string[]) => { nodes: GraphNode[]; inputs?: Graph['inputs'] }): Graph {
  const sides = [...graph.constants].map((entry, i) => [i % 2, entry] as const);
  const on = (side: number) => new Map(sides.filter(([own]) => own === side).map(([, entry]) => entry));
  const body = { inputs: [], outputs: graph.outputs, nodes: graph.nodes, constants: on(1) };
  const names = graph.outputs.map(({ name }) => `out of ${name}`);
  const { nodes, inputs = [] } = wrap(body, names);
  const captures = [...graph.inputs.map(({ name }) => name), ...on(0).keys()];
  return {
    ...graph,
    inputs: [...graph.inputs, ...inputs],
    outputs: graph.outputs.map((output, i) => ({ ...output, name: names[i] as string })),
    nodes: nodes.map((node) => (node.op === 'Cast' ? node : { ...node, captures })),
    constants: on(0),
  };
}

const plain = (results: Results): Results => new Map([...results].map(([name, value]) => [name.replace('out of ', ''), value]));

/** A branch that a number chooses. */
export const inBranch = (graph: Graph, type: 'float32' | 'int64'): Graph =>
  inside(graph, (body, outputs) => {
    const other = { ...body, nodes: [], outputs: [] };
    const branches = { then_branch: body, else_branch: other };
    const nodes = [node('Cast', ['choice'], 'chosen', { to: 9 }), { ...node('If', ['chosen'], 'if', branches), outputs }];
    return { inputs: [{ name: 'choice', type, dims: [] }], nodes };
  });

/** A loop that turns once. */
export const inLoop = (graph: Graph): Graph =>
  inside(graph, (body, outputs) => {
    const carried = outputs.map((_, i) => ({ name: `state${i}` }));
    const last = node('Less', ['turn', 'turn'], 'again');
    const whole = {
      ...body,
      inputs: [{ name: 'turn' }, { name: 'going' }, ...carried],
      outputs: [{ name: 'again' }, ...body.outputs],
      nodes: [...body.nodes, last],
    };
    const loop = node('Loop', ['', 'start', ...outputs.map(() => 'start')], 'loop', { body: whole });
    return { inputs: [{ name: 'start', type: 'bool', dims: [] }], nodes: [{ ...loop, outputs }] };
  });

/** The file with all nodes in a function of the model, to which feeds and constants go in. */
function inFunction({ opset, feeds, constants, nodes, outputs, types }: FuzzGraph): Uint8Array {
  const inputs = [...feeds, ...constants].map(({ name }) => name);
  const named = nodes.map((node, i) => ({ ...node, name: `node${i}` }));
  return encodeModel({
    opset: { '': opset, own: 1 },
    inputs: feeds,
    initializers: constants,
    nodes: [{ op: 'Whole', domain: 'own', name: 'call', inputs, outputs: outputs.map((name) => `out of ${name}`) }],
    functions: [{ domain: 'own', name: 'Whole', inputs, outputs, nodes: named, opset: { '': opset } }],
    outputs: outputs.map((name) => ({ name: `out of ${name}`, type: types[name] ?? null })),
  });
}

interface Variant {
  /** Whether every bit has to be the same; else rounding may differ. */
  readonly bits: boolean;
  /** Undefined where it says nothing of such a graph. */
  run(graph: Graph, fuzz: FuzzGraph): Promise<Results> | undefined;
}

export const variants: Readonly<Record<string, Variant>> = {
  'passes off': { bits: false, run: (graph, fuzz) => runPlan(graph, feedsOf(fuzz), { maxPasses: 0 }) },
  'not in place': { bits: true, run: (graph, fuzz) => runPlan(graph, feedsOf(fuzz), { inPlace: false }) },
  'three threads': { bits: true, run: (graph, fuzz) => runModel(graph, feedsOf(fuzz), { threads: 3 }) },
  'everything constant': {
    bits: false,
    run(graph, fuzz) {
      const constants = new Map([...graph.constants, ...fuzz.feeds.map((feed): [string, Constant] => [feed.name, constantOf(feed)])]);
      return runModel({ ...graph, inputs: [], constants }, {});
    },
  },
  'everything fed': {
    bits: false,
    run(graph, fuzz) {
      const inputs = [...graph.inputs, ...fuzz.constants.map(({ name, type, dims }) => ({ name, type, dims }))];
      const feeds = { ...feedsOf(fuzz), ...Object.fromEntries(fuzz.constants.map((constant) => [constant.name, toTensor(constant)])) };
      return runModel({ ...graph, inputs, constants: new Map() }, feeds);
    },
  },
  'channels last': {
    bits: false,
    run(graph, fuzz) {
      return runModel(
        detour(graph, (name) => [node('MaxPool', [name], `${name}.last`, { kernel_shape: [1, 1] })]),
        feedsOf(fuzz),
      );
    },
  },
  'slices of wider pictures': {
    bits: false,
    run(graph, fuzz) {
      const way = (name: string, dims: readonly number[]) => {
        const channels = dims[1] as number;
        // Gather takes a part by its numbers in every opset.
        const list = BigInt64Array.from({ length: channels }, (_, i) => BigInt(i + channels));
        const indices: Attribute = { name: 'i', type: 'int64', dims: [channels], read: () => list };
        return [
          node('MaxPool', [name], `${name}.last`, { kernel_shape: [1, 1] }),
          node('Concat', [`${name}.last`, name], `${name}.wide`, { axis: 1 }),
          node('Constant', [], `${name}.i`, { value: indices }),
          node('Gather', [`${name}.wide`, `${name}.i`], `${name}.part`, { axis: 1 }),
        ];
      };
      return runModel(detour(graph, way), feedsOf(fuzz));
    },
  },
  'open dimensions': {
    bits: true,
    run(graph, fuzz) {
      const inputs = graph.inputs.map((input) => ({ ...input, dims: input.dims.map((_, i) => `${input.name}${i}`) }));
      return runModel({ ...graph, inputs }, feedsOf(fuzz));
    },
  },
  'an open batch': {
    bits: true,
    run(graph, fuzz) {
      const inputs = graph.inputs.map((input) => ({ ...input, dims: input.dims.map((dim, i) => (i === 0 ? 'N' : dim)) }));
      // Inputs that all have the batch.
      if (new Set(graph.inputs.map(({ dims }) => dims[0])).size > 1) return undefined;
      return runModel({ ...graph, inputs }, feedsOf(fuzz));
    },
  },
  'written and read': {
    bits: true,
    // A Cast to a half is written as one to float32: writeOnnx says so.
    run: (graph, fuzz) =>
      fuzz.nodes.some(({ attributes }) => attributes.to === 10 || attributes.to === 16)
        ? undefined
        : runModel(readOnnx(writeOnnx(graph), 'again.onnx'), feedsOf(fuzz)),
  },
  'Winograd off': { bits: false, run: (graph, fuzz) => runModel(graph, feedsOf(fuzz), { winograd: false }) },
  'in float64': {
    // By the operators' own arithmetic in TypeScript, where they have it.
    bits: false,
    run(graph, fuzz) {
      // These say themselves which type they make or take, and a product runs over the limit of one type and not of the other.
      const others = ['Cast', 'Constant', 'ConstantOfShape', 'Dropout', 'ReduceProd', 'Resize', 'Upsample'];
      if (fuzz.nodes.some(({ op }) => others.includes(op))) return undefined;
      const wide = (tensor: FuzzTensor): FuzzTensor =>
        tensor.type === 'float32' ? { ...tensor, type: 'float64', data: Float64Array.from(tensor.data as Float32Array) } : tensor;
      const constants = new Map([...fuzz.feeds, ...fuzz.constants].map((tensor) => [tensor.name, constantOf(wide(tensor))]));
      const types = graph.outputs.map(({ name }) => ({ name }));
      const run = runModel({ ...graph, inputs: [], constants, outputs: types });
      return run.then(
        (outputs) => new Map([...outputs].map(([name, value]) => [name, fuzz.types[name] === 'float32' ? narrowed(value) : value])),
      );
    },
  },
  'in a branch that the plan chooses': {
    bits: true,
    run: (graph, fuzz) => runModel(inBranch(graph, 'int64'), { ...feedsOf(fuzz), choice: new Tensor('int64', [1], []) }).then(plain),
  },
  'in a branch that a run chooses': {
    bits: true,
    run: (graph, fuzz) => runModel(inBranch(graph, 'float32'), { ...feedsOf(fuzz), choice: new Tensor('float32', [1], []) }).then(plain),
  },
  'in a loop': {
    bits: true,
    run: (graph, fuzz) => runModel(inLoop(graph), { ...feedsOf(fuzz), start: new Tensor('bool', [1], []) }).then(plain),
  },
  'in a function': {
    bits: true,
    run: (_, fuzz) => runModel(readOnnx(inFunction(fuzz), 'function.onnx'), feedsOf(fuzz)).then(plain),
  },
  compiled: {
    bits: true,
    async run(graph, fuzz) {
      const model = await loadCompiled(compileGraph(graph, common, await moduleFor(graph)));
      try {
        return results(model.runSync(feedsOf(fuzz)));
      } finally {
        model.dispose();
      }
    },
  },
};

/** @throws LanewiseError */
export const runVariant = (name: string, fuzz: FuzzGraph): Promise<Results> | undefined =>
  variants[name]?.run(readOnnx(fileOf(fuzz), 'random.onnx'), fuzz);
