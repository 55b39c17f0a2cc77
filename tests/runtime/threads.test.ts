import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LanewiseError } from '../../src/errors.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import type { LayersModel } from '../../src/layers/model.ts';
import { initialDims, planSource } from '../../src/load.ts';
import { Model, type Outputs } from '../../src/runtime/model.ts';
import { findStart, Team } from '../../src/runtime/team.ts';
import { teamRunner } from '../../src/runtime/teamMemory.ts';
import { compileModule } from '../../src/runtime/wasm.ts';
import { densenet121, googlenet, mobilenetV2, resnet20, resnet50, squeezenet1_1 } from '../../src/zoo/index.ts';
import { random } from '../reference/index.ts';

import.meta.jest.setTimeout(120_000);

const startWorker = await findStart();

/** A picture; each seed another one. */
const picture = (size: number, seed = 1): Tensor =>
  new Tensor('float32', Float32Array.from(random([3 * size * size], seed).data), [1, 3, size, size]);
/** The first output's, exactly. */
const bits = (outputs: Outputs) => Buffer.from(new Uint8Array((Object.values(outputs)[0] as Tensor).data.buffer)).toString('base64');
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error as LanewiseError,
  );

/** A ResNet-20 on two threads, and on one for what is right. */
const net = resnet20();
const one = await net.compile();
const name = one.inputs[0]?.name as string;
const expected = (x: Tensor) => bits(one.runSync({ [name]: x }));
const onTeam = () => net.compile({ threads: 2 });
const run = async (model: Model, x: Tensor, signal?: AbortSignal) => bits(await model.run({ [name]: x }, { signal }));

describe('any number of threads gives the same bits', () => {
  const networks: Record<string, LayersModel> = {
    resnet20: resnet20({ inputShape: [3, 33, 32] }),
    squeezenet1_1: squeezenet1_1({ inputShape: [3, 65, 64] }),
    mobilenet_v2: mobilenetV2({ width: 0.5, inputShape: [3, 64, 64] }),
    densenet121: densenet121({ growth: 8, inputShape: [3, 64, 64] }),
    googlenet: googlenet({ inputShape: [3, 64, 64] }),
    resnet50: resnet50({ inputShape: [3, 64, 64] }),
  };
  test.each(Object.entries(networks))('%s', async (_, network) => {
    const found = new Map<number, string>();
    for (const threads of [1, 2, 3, 4, 7]) {
      const [port] = network.inputs as [(typeof network.inputs)[number]];
      const dims = [2, ...port.dims.slice(1)] as number[];
      const x = new Tensor('float32', Float32Array.from(random(dims, 1).data), dims);
      const model = await network.compile({ threads, inputShapes: { [port.name]: dims } });
      const outputs = await model.run({ [model.inputs[0]?.name as string]: x });
      expect(model.threads).toBe(threads);
      expect(model.variant).toBe(threads === 1 ? 'strict' : 'strict-threads');
      found.set(threads, bits(outputs));
      model.dispose();
    }
    expect(new Set(found.values()).size).toBe(1);
  });
});

describe('runs', () => {
  test('that are asked for at once take turns, each with the inputs of its call', async () => {
    const models = await Promise.all([onTeam(), onTeam(), net.compile({ threads: 3 })]);
    const order = [] as number[];
    const runs = Array.from({ length: 12 }, async (_, i) => {
      const x = picture(32, i + 1);
      const right = expected(x);
      const result = run(models[i % 3] as Model, x);
      (x.data as Float32Array).fill(0);
      expect(await result).toBe(right);
      order.push(i);
    });
    await Promise.all(runs);
    // Each model keeps to the order of its calls.
    for (const k of [0, 1, 2]) {
      expect(order.filter((i: number) => i % 3 === k)).toEqual([k, k + 3, k + 6, k + 9]);
    }
    for (const model of models) model.dispose();
  });

  test('block with runSync and profile, unless one is on', async () => {
    const model = await onTeam();
    const x = picture(32);
    expect(bits(model.runSync({ [name]: x }))).toBe(expected(x));
    const begun = performance.now();
    const rows = model.profile({ [name]: x });
    const took = performance.now() - begun;
    expect(rows.map(({ node }) => node)).toEqual(one.profile({ [name]: x }).map(({ node }) => node));
    expect(rows.every(({ ms }) => ms >= 0)).toBe(true);
    // Each has its own time, so that together they take no longer than all.
    expect(rows.reduce((sum, { ms }) => sum + ms, 0)).toBeLessThanOrEqual(took);
    const running = run(model, x);
    expect(() => model.runSync({ [name]: x })).toThrow('the model is running: await what run() gives first');
    expect(await running).toBe(expected(x));
    model.dispose();
  });

  test('end when the signal fires, whether they have begun or wait', async () => {
    const model = await onTeam();
    const x = picture(32);
    const [first, second] = [new AbortController(), new AbortController()];
    const runs = [run(model, x, first.signal), run(model, x, second.signal), run(model, x)];
    second.abort(new Error('enough'));
    first.abort();
    const [a, b] = await Promise.all(runs.slice(0, 2).map(failure));
    expect(a).toMatchObject({ code: 'ABORTED' });
    expect(b).toMatchObject({ code: 'ABORTED', cause: new Error('enough') });
    expect(await runs[2]).toBe(expected(x));
    expect(await failure(run(model, x, AbortSignal.abort()))).toMatchObject({ code: 'ABORTED' });
    expect(await run(model, x)).toBe(expected(x));
    model.dispose();
  });

  test('end when the model is disposed of, and others go on', async () => {
    const [gone, other] = await Promise.all([onTeam(), onTeam()]);
    const x = picture(32);
    const runs = [run(gone, x), run(gone, x), run(other, x)];
    gone.dispose();
    gone.dispose();
    expect(await failure(runs[0] as Promise<unknown>)).toMatchObject({ code: 'DISPOSED' });
    expect(await failure(runs[1] as Promise<unknown>)).toMatchObject({ code: 'DISPOSED' });
    expect(await runs[2]).toBe(expected(x));
    expect(await failure(run(gone, x))).toMatchObject({ code: 'DISPOSED' });
    other.dispose();
  });

  test("go on where another library has made Node's workers global, as Emscripten's modules do", async () => {
    const scope = globalThis as { Worker?: unknown };
    scope.Worker = process.getBuiltinModule('node:worker_threads').Worker;
    try {
      const graph = net.graph();
      const runner = teamRunner(new Team(startWorker), 2);
      const binary = { module: await compileModule('strict-threads'), variant: 'strict-threads', runner } as const;
      const model = new Model(planSource(graph, {}, 2), binary, initialDims(graph, {}));
      const x = picture(32);
      expect(await run(model, x)).toBe(expected(x));
      model.dispose();
    } finally {
      delete scope.Worker;
    }
  });

  type Member = ReturnType<typeof startWorker>;

  /** A model on a team of its own, whose workers are told. */
  async function onOwnTeam(change = (member: Member): Member => member): Promise<{ model: Model; members: Member[] }> {
    const members: Member[] = [];
    const team = new Team((listener) => {
      const member = change(startWorker(listener));
      members.push(member);
      return member;
    });
    const graph = net.graph();
    const binary = { module: await compileModule('strict-threads'), variant: 'strict-threads', runner: teamRunner(team, 2) } as const;
    return { model: new Model(planSource(graph, {}, 2), binary, initialDims(graph, {})), members };
  }

  /** What goes wrong, and that it does so soon. */
  function refusalSoon(action: () => unknown): void {
    const start = performance.now();
    expect(action).toThrow('a worker that ran the model failed: ');
    expect(performance.now() - start).toBeLessThan(5000);
  }

  test('that block fail at once where a worker has died, whether or not word of it has come', async () => {
    const { model, members } = await onOwnTeam();
    const x = picture(32);
    expect(await run(model, x)).toBe(expected(x));
    // Whoever blocks hears nothing.
    const ended = members[1]?.terminate();
    refusalSoon(() => model.runSync({ [name]: x }));
    expect(() => model.runSync({ [name]: x })).toThrow('others have not ended yet: use run()');
    await ended;
    expect(await run(model, x)).toBe(expected(x));
    // New workers that nobody has heard of.
    expect(bits(model.runSync({ [name]: x }))).toBe(expected(x));
    void members[2]?.terminate();
    refusalSoon(() => model.profile({ [name]: x }));
    expect(await run(model, x)).toBe(expected(x));
    model.dispose();
  });

  test('that block fail at once where a worker throws', async () => {
    let broken = false;
    const { model } = await onOwnTeam((member) => ({
      ...member,
      post: (message, transfer) => {
        const second = message.kind === 'job' && message.index === 1;
        member.post(broken && second ? { ...message, workspaces: 2 ** 32 - 64 } : message, transfer);
      },
    }));
    const x = picture(32);
    expect(await run(model, x)).toBe(expected(x));
    broken = true;
    refusalSoon(() => model.runSync({ [name]: x }));
    broken = false;
    expect(await run(model, x)).toBe(expected(x));
    model.dispose();
  });

  test('fail with a sentence when a worker dies, and the next one has new workers', async () => {
    const { model, members } = await onOwnTeam();
    const x = picture(32);
    expect(await run(model, x)).toBe(expected(x));
    for (const [i, ahead] of [1, 2].entries()) {
      const runs = Array.from({ length: ahead }, () => run(model, x));
      const ended = members[2 * i + 1]?.terminate();
      for (const failed of runs.map(failure)) {
        const error = await failed;
        if (error)
          expect(error).toMatchObject({ code: 'WORKER_FAILED', message: expect.stringContaining('a worker that ran the model failed: ') });
      }
      // The runs may have been done before it ended: the next is to come after.
      await ended;
      await new Promise(setImmediate);
      expect(await run(model, x)).toBe(expected(x));
      expect(members).toHaveLength(2 * i + 4);
    }
    model.dispose();
  });
});

test('idle workers hold no process open, and a run does', () => {
  const index = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
  const zoo = fileURLToPath(new URL('../../dist/zoo.js', import.meta.url));
  const script = `
    const { Tensor } = await import(${JSON.stringify(index)});
    const { resnet20 } = await import(${JSON.stringify(zoo)});
    const model = await resnet20().compile({ threads: 2 });
    const outputs = await model.run({ [model.inputs[0].name]: new Tensor('float32', new Float32Array(3072), [1, 3, 32, 32]) });
    console.log(Object.values(outputs)[0].dims.join());`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000, encoding: 'utf8' });
  expect(output).toBe('1,10\n');
});

test('options', async () => {
  const code = (options: object) => failure(net.compile(options));
  for (const threads of [0, -1, 1.5, Number.NaN, 65, '2', null]) {
    expect(await code({ threads })).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining("option threads takes a whole number from 1 to 64, or 'auto', got "),
    });
  }
  expect(await code({ worker: 1 })).toMatchObject({ code: 'INVALID_INPUT', message: 'option worker takes true or false, got 1' });
  const alone = await net.compile({ worker: true });
  expect([alone.threads, alone.variant]).toEqual([1, 'strict-threads']);
  const x = picture(32);
  expect(await run(alone, x)).toBe(expected(x));
  const automatic = await net.compile({ threads: 'auto' });
  expect(automatic.threads).toBeGreaterThanOrEqual(1);
  expect(await run(automatic, x)).toBe(expected(x));
});

test('a module for the wrong kind of memory is refused in words', async () => {
  const refused = { code: 'INVALID_INPUT' };
  expect(await failure(net.compile({ wasm: await compileModule('strict'), threads: 2 }))).toMatchObject({
    ...refused,
    message: expect.stringContaining('strict-threads.wasm'),
  });
  expect(await failure(net.compile({ wasm: await compileModule('strict-threads') }))).toMatchObject({
    ...refused,
    message: expect.stringContaining('strict.wasm or'),
  });
});
