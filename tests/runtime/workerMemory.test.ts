// One worker with a memory of its own, as in pages that are not cross-origin isolated.

import type { LanewiseError } from '../../src/errors.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { createModel, initialDims, type LoadOptions, planSource } from '../../src/load.ts';
import { defineOp } from '../../src/ops/custom.ts';
import { Model, type Outputs } from '../../src/runtime/model.ts';
import { findStart, Team } from '../../src/runtime/team.ts';
import { compileModule } from '../../src/runtime/wasm.ts';
import { WorkerMemory, workerRunner } from '../../src/runtime/workerMemory.ts';
import { graphOf } from '../kernels/graph.ts';
import { floatsOf } from '../ops/customOps.ts';
import { random } from '../reference/index.ts';

import.meta.jest.setTimeout(120_000);

const startWorker = await findStart();

const picture = (size: number, seed = 1): Tensor =>
  new Tensor('float32', Float32Array.from(random([3 * size * size], seed).data), [1, 3, size, size]);
const bits = (outputs: Outputs) => Buffer.from(new Uint8Array((Object.values(outputs)[0] as Tensor).data.buffer)).toString('base64');
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error as LanewiseError,
  );

const page = globalThis as { crossOriginIsolated?: boolean | undefined };
/** Eight convolutions over pictures of any size. */
const graph = graphOf({
  inputs: { x: [1, 3, 'h', 'w'] },
  constants: Object.fromEntries([3, ...Array(7).fill(32)].map((channels, i) => [`w${i}`, random([32, channels, 3, 3], i)])),
  nodes: Array.from({ length: 8 }, (_, i) => ({
    op: 'Conv',
    inputs: [i ? `Conv_${i - 1}` : 'x', `w${i}`],
    attributes: { pads: [1, 1, 1, 1] },
  })),
});
const net = { compile: (options: LoadOptions) => createModel(graph, options) };
const name = 'x';
const one = await net.compile({});
const right = (x: Tensor) => bits(one.runSync({ [name]: x }));
const run = async (model: Model, x: Tensor, signal?: AbortSignal) => bits(await model.run({ [name]: x }, { signal }));

describe('where memory cannot be shared', () => {
  const warnings: string[] = [];
  const { warn } = console;
  beforeAll(() => {
    page.crossOriginIsolated = false;
    console.warn = (text: string) => void warnings.push(text);
  });
  afterAll(() => {
    page.crossOriginIsolated = undefined;
    console.warn = warn;
  });

  test('threads and worker give one worker and the same bits, at any shape, and it is said once', async () => {
    for (const options of [{ worker: true }, { threads: 2 }, { threads: 'auto' }] as const) {
      const model = await net.compile(options);
      expect([model.threads, model.variant]).toEqual([1, 'strict']);
      for (const size of [32, 64, 33]) expect(await run(model, picture(size))).toBe(right(picture(size)));
      expect(model.memory.total).toBe(model.memory.total & ~65535);
      expect(model.memory.total).toBeGreaterThan(model.memory.weights + model.memory.activations);
      model.dispose();
    }
    expect(warnings).toEqual([expect.stringMatching(/^Lanewise runs on one thread here, a worker: memory cannot be shared/)]);
  });

  test('runs take turns; some are aborted, others disposed of', async () => {
    const model = await net.compile({ worker: true });
    const other = await net.compile({ worker: true });
    const xs = [1, 2, 3].map((seed) => picture(32, seed));
    const runs = xs.map((x) => run(model, x));
    expect(await Promise.all(runs)).toEqual(xs.map(right));
    const controller = new AbortController();
    const aborted = failure(run(model, picture(256), controller.signal));
    const next = run(model, xs[0] as Tensor);
    const elsewhere = run(other, xs[1] as Tensor);
    setTimeout(() => controller.abort(), 5);
    expect(await aborted).toMatchObject({ code: 'ABORTED' });
    expect(await next).toBe(right(xs[0] as Tensor));
    expect(await elsewhere).toBe(right(xs[1] as Tensor));
    const gone = failure(run(other, xs[2] as Tensor));
    other.dispose();
    expect(await gone).toMatchObject({ code: 'DISPOSED' });
    expect(await run(model, xs[2] as Tensor)).toBe(right(xs[2] as Tensor));
    model.dispose();
  });

  test('disposing of a model ends its run at any time', async () => {
    for (let wait = 0; wait < 12; wait++) {
      const model = await net.compile({ worker: true });
      const x = picture(32);
      await run(model, x);
      const gone = failure(run(model, x));
      for (let i = 0; i < wait; i++) await new Promise((resolve) => setImmediate(resolve));
      model.dispose();
      const error = await gone;
      if (error) expect(error).toMatchObject({ code: 'DISPOSED' });
    }
  });

  test('nothing blocks: runSync and profile say so', async () => {
    const model = await net.compile({ worker: true });
    for (const blocking of [() => model.runSync({ [name]: picture(32) }), () => model.profile({ [name]: picture(32) })]) {
      expect(blocking).toThrow(expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('use run()') }));
    }
    model.dispose();
  });

  test('operators of the host get what the worker has', async () => {
    const halve = defineOp({
      name: 'Halve',
      domain: 'own',
      run: ({ inputs: [a], outputs: [b] }) => floatsOf(b).set(floatsOf(a).map((value: number) => value / 2)),
    });
    const host = graphOf({
      inputs: { x: [2, 5] },
      nodes: [
        { op: 'Relu', inputs: ['x'] },
        { op: 'Halve', domain: 'own', inputs: ['Relu_0'] },
        { op: 'Neg', inputs: ['Halve_1'] },
      ],
    });
    const model = await createModel(host, { worker: true, operators: [halve] });
    const x = new Tensor('float32', [-2, -1, 0, 1, 2, 3, 4, 5, 6, 7], [2, 5]);
    const [y] = Object.values(await model.run({ x })) as [Tensor];
    expect([...y.data].map((value) => Number(value) + 0)).toEqual([0, 0, 0, -0.5, -1, -1.5, -2, -2.5, -3, -3.5]);
    model.dispose();
  });

  test('a module for shared memory is refused in words', async () => {
    const wrong = net.compile({ worker: true, wasm: await compileModule('strict-threads') }).then((model) => run(model, picture(32)));
    expect(await failure(wrong)).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('lanewise/wasm/strict.wasm') });
  });

  test('more memory than the engine gives', async () => {
    const team = await Team.shared();
    const memory = new WorkerMemory(team, await compileModule('strict'), 1);
    memory.grow(65535 * 16);
    expect(memory.lost).toBe(false);
    expect(await failure(memory.run([1024, 1024]))).toMatchObject({ code: 'TOO_LARGE' });
    expect(memory.lost).toBe(true);
    // The worker goes on.
    const model = await net.compile({ worker: true });
    expect(await run(model, picture(32))).toBe(right(picture(32)));
    model.dispose();
  });
});

test('a model that was refused memory is loaded again by its next run', async () => {
  const team = new Team(startWorker);
  const made: WorkerMemory[] = [];
  const newMemory = (...of: [WebAssembly.Module, number]) => {
    made.push(new WorkerMemory(team, ...of));
    return made.at(-1) as WorkerMemory;
  };
  const binary = { module: await compileModule('strict'), variant: 'strict', runner: { ...workerRunner(team), newMemory } } as const;
  const model = new Model(planSource(graph, {}, 1), binary, initialDims(graph, {}));
  const x = picture(32);
  expect(await run(model, x)).toBe(right(x));
  made[0]?.grow(65535 * 16);
  expect(await failure(run(model, x))).toMatchObject({ code: 'TOO_LARGE', message: expect.stringContaining('refuses the memory') });
  expect(await run(model, x)).toBe(right(x));
  expect(made).toHaveLength(2);
  model.dispose();
});

test('after the worker has died, models are loaded again', async () => {
  const members: ReturnType<typeof startWorker>[] = [];
  const team = new Team((listener) => {
    const member = startWorker(listener);
    members.push(member);
    return member;
  });
  const module = await compileModule('strict');
  const binary = { module, variant: 'strict', runner: workerRunner(team) } as const;
  const [model, idle] = [1, 2].map(() => new Model(planSource(graph, {}, 1), binary, initialDims(graph, {}))) as [Model, Model];
  const x = picture(32);
  for (const each of [model, idle]) expect(await run(each, x)).toBe(right(x));
  const pending = failure(run(model, picture(512)));
  await members[0]?.terminate();
  expect(await pending).toMatchObject({ code: 'WORKER_FAILED' });
  for (const each of [model, idle]) expect(await run(each, x)).toBe(right(x));
  expect(members).toHaveLength(2);
  for (const each of [model, idle]) each.dispose();
});
