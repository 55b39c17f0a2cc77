// The soak, in a process of its own: models are loaded, run, aborted and disposed of over and over, and memory is looked at after collection.

import { compileGraph } from '../../src/compiled/write.ts';
import { LanewiseError } from '../../src/errors.ts';
import { readOnnx } from '../../src/formats/onnx/index.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { load } from '../../src/load.ts';
import type { Model } from '../../src/runtime/model.ts';
import { compileModule } from '../../src/runtime/wasm.ts';
import { everything } from '../layers/everything.ts';
import { Draw, seedOf } from './draw.ts';
import { generate } from './generate.ts';
import { fileOf } from './graph.ts';
import { feedsOf } from './variants.ts';
import { phase, worker, workerOptions } from './worker.ts';

/** Cycles that fill the engine's own caches, and memory that may come on top of what there is then. */
const WARM = 150;
const MOST_GROWTH = 48e6;
const MOST_HEAP = 16e6;
/** Cycles between two looks. */
const EVERY = 50;

interface Level {
  readonly resident: number;
  readonly heap: number;
}

const bytes = everything().toONNX();
const graph = readOnnx(bytes);
const dims = [1, 3, 17, 15];
const compiled = compileGraph(graph, { inputShapes: { [graph.inputs[0]?.name as string]: dims } }, await compileModule('strict', 'more'));
const picture = new Tensor('float32', new Float32Array(3 * 17 * 15).fill(0.5), dims);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const stats = {
  cycles: 0,
  outcomes: {} as Record<string, number>,
  levels: [] as string[],
  failures: [] as { index: number; kind: string; text: string; graph: string }[],
};
const count = (key: string): void => {
  stats.outcomes[key] = (stats.outcomes[key] ?? 0) + 1;
};

/** What the process holds once everything is collected; workers do so in their own time. */
async function level(): Promise<Level> {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await pause(60);
  }
  return { resident: process.memoryUsage.rss(), heap: process.memoryUsage().heapUsed };
}

/** Runs, some of which are aborted: before they start, as they wait, while they run. */
async function runs(model: Model, feeds: Record<string, Tensor>, draw: Draw): Promise<void> {
  const pending = draw.list(draw.int(1, 5), async () => {
    const controller = new AbortController();
    if (draw.chance(15)) controller.abort();
    else if (draw.chance(30)) setTimeout(() => controller.abort(), draw.int(0, 3));
    try {
      await model.run(feeds, { signal: controller.signal });
      count('runs');
    } catch (error) {
      if (!(error instanceof LanewiseError)) throw error;
      count(error.code);
    }
  });
  // Some are disposed of while they run.
  if (draw.chance(15)) model.dispose();
  await Promise.all(pending);
}

async function cycle(draw: Draw): Promise<void> {
  const options = draw.of([{}, {}, { threads: 2 }, { threads: 3 }, { worker: true }]);
  const aborted = draw.chance(8) ? new AbortController() : undefined;
  if (aborted) draw.chance(50) ? aborted.abort() : setTimeout(() => aborted.abort(), draw.int(0, 2));
  const random = draw.chance(40) ? generate(draw).graph : undefined;
  const source = random ? fileOf(random) : draw.of([bytes, bytes, compiled]);
  let model: Model;
  try {
    model = await load(source, { ...options, ...(aborted && { signal: aborted.signal }) });
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    count(`load: ${error.code}`);
    return;
  }
  await runs(model, random ? feedsOf(random) : { [model.inputs[0]?.name as string]: picture }, draw);
  model.dispose();
}

let base: Level | undefined;
let reported = 0;
await worker(stats, async (index) => {
  try {
    await cycle(new Draw(seedOf(workerOptions().seed, index)));
  } catch (error) {
    stats.failures.push({ index, kind: 'another error', text: String((error as Error)?.stack ?? error), graph: '' });
  }
  stats.cycles++;
  if (stats.cycles < WARM || stats.cycles % EVERY !== 0) return true;
  phase('lanewise, looking');
  const now = await level();
  base ??= now;
  const [grown, heap] = [now.resident - base.resident, now.heap - base.heap];
  const megabytes = (value: number) => `${(value / 1e6).toFixed(1)} MB`;
  // Looks that are reported lie further and further apart.
  if (stats.cycles >= 1.5 * reported) {
    reported = stats.cycles;
    stats.levels.push(`after ${stats.cycles} cycles: ${megabytes(now.resident)} resident, ${megabytes(now.heap)} of JavaScript`);
  }
  if (grown > MOST_GROWTH || heap > MOST_HEAP) {
    const text = `${megabytes(grown)} resident and ${megabytes(heap)} of JavaScript more than after ${WARM} cycles`;
    stats.failures.push({ index, kind: 'growth', text, graph: '' });
    return false;
  }
  return true;
});
