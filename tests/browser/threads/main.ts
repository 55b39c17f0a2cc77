import { type LoadOptions, Tensor } from 'lanewise';
import { resnet18, resnet20, vgg16 } from 'lanewise/zoo';

const networks = { resnet18, vgg16 };
type Network = keyof typeof networks;

/** Runs of a network beside a page that is alive. */
async function infer(options: LoadOptions, runs: number, network: Network = 'resnet18') {
  const model = await networks[network]().compile(options);
  const name = model.inputs[0]?.name as string;
  const x = new Tensor(
    'float32',
    Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => Math.sin(i * 0.37)),
    [1, 3, 224, 224],
  );
  const first = await model.run({ [name]: x });
  let [frames, gap, last] = [0, 0, performance.now()];
  let done = false;
  const frame = (now: number) => {
    frames++;
    gap = Math.max(gap, now - last);
    last = now;
    if (!done) requestAnimationFrame(frame);
  };
  await new Promise(requestAnimationFrame);
  last = performance.now();
  requestAnimationFrame(frame);
  const start = performance.now();
  await Promise.all(Array.from({ length: runs }, () => model.run({ [name]: x })));
  const ms = performance.now() - start;
  done = true;
  let sync = 'done';
  try {
    model.runSync({ [name]: x });
  } catch (error) {
    sync = String(error);
  }
  const { threads, variant } = model;
  model.dispose();
  const data = Object.values(first)[0]?.data as Float32Array;
  return { bits: Array.from(new Uint32Array(data.buffer)), threads, variant, frames, gap, ms, sync };
}

/** What a run gives that is aborted after `wait` milliseconds, and how long that took it. */
async function abort(options: LoadOptions, wait: number, network: Network = 'resnet18') {
  const model = await networks[network]().compile(options);
  const x = new Tensor('float32', new Float32Array(3 * 224 * 224), [1, 3, 224, 224]);
  const feeds = { [model.inputs[0]?.name as string]: x };
  await model.run(feeds);
  const controller = new AbortController();
  let at = 0;
  setTimeout(() => {
    at = performance.now();
    controller.abort();
  }, wait);
  const code = await model.run(feeds, { signal: controller.signal }).then(
    () => 'done',
    (error) => error.code as string,
  );
  return { code, ms: performance.now() - at };
}

/** Runs of several models at once, aborted and disposed of at random: how often each end came. */
async function stress(options: LoadOptions, models: number, runs: number) {
  const net = resnet20();
  const pictures = [1, 2, 3].map(
    (k) =>
      new Tensor(
        'float32',
        Float32Array.from({ length: 3072 }, (_, i) => Math.sin(i * k)),
        [1, 3, 32, 32],
      ),
  );
  const one = await net.compile();
  const name = one.inputs[0]?.name as string;
  const text = (outputs: Awaited<ReturnType<typeof one.run>>) => String(Object.values(outputs)[0]?.data);
  const right = pictures.map((x) => text(one.runSync({ [name]: x })));
  const counts: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  await Promise.all(
    Array.from({ length: models }, async () => {
      let model = await net.compile(options);
      const pending: Promise<void>[] = [];
      for (let i = 0; i < runs; i++) {
        const which = i % pictures.length;
        const controller = new AbortController();
        const run = model.run({ [name]: pictures[which] as Tensor }, { signal: controller.signal }).then(
          (outputs) => count(text(outputs) === right[which] ? 'right' : 'wrong'),
          (error) => count(error.code ?? String(error)),
        );
        pending.push(run);
        const fate = Math.random();
        if (fate < 0.1) controller.abort();
        else if (fate < 0.3) setTimeout(() => controller.abort(), Math.random() * 20);
        else if (fate < 0.33) {
          model.dispose();
          model = await net.compile(options);
        }
        if (Math.random() < 0.2) await run;
      }
      await Promise.all(pending);
      model.dispose();
    }),
  );
  return counts;
}

export type ThreadsPage = { infer: typeof infer; abort: typeof abort; stress: typeof stress };
Object.assign(globalThis, { infer, abort, stress } satisfies ThreadsPage);
