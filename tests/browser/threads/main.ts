import { type LoadOptions, Tensor } from 'lanewise';
import { resnet18 } from 'lanewise/zoo';

/** Runs of a network that takes a tenth of a second on one thread, beside a page that is alive. */
async function infer(options: LoadOptions, runs: number) {
  const model = await resnet18().compile(options);
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
async function abort(options: LoadOptions, wait: number) {
  const model = await resnet18().compile(options);
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

export type ThreadsPage = { infer: typeof infer; abort: typeof abort };
Object.assign(globalThis, { infer, abort } satisfies ThreadsPage);
