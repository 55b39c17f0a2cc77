// Many runs at once on one team, ended at random.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LanewiseError } from '../../src/errors.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import type { Model } from '../../src/runtime/model.ts';
import { resnet20 } from '../../src/zoo/index.ts';
import { numbers } from '../numbers.ts';
import { random } from '../reference/index.ts';
import { skip } from '../skip.ts';

import.meta.jest.setTimeout(240_000);

const MODELS = 8;
const RUNS = 200;

test(`${MODELS} models, ${RUNS} runs each, aborted and disposed of at random: every run ends, with the right bits or in words`, async () => {
  const net = resnet20();
  const one = await net.compile();
  const name = one.inputs[0]?.name as string;
  const inputs = [1, 2, 3, 4].map((seed) => new Tensor('float32', Float32Array.from(random([3072], seed).data), [1, 3, 32, 32]));
  const bits = (outputs: Record<string, Tensor>) =>
    new Uint32Array((Object.values(outputs)[0] as Tensor).data.buffer as ArrayBuffer).join();
  const expected = inputs.map((x) => bits(one.runSync({ [name]: x })));
  const counts: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };

  async function drive(index: number): Promise<void> {
    const next = numbers(index + 1);
    const compile = () => net.compile({ threads: 1 + (index % 3), worker: true });
    let model: Model = await compile();
    const pending = new Set<Promise<void>>();
    for (let i = 0; i < RUNS; i++) {
      const which = Math.floor(next() * inputs.length);
      const controller = new AbortController();
      const run = model.run({ [name]: inputs[which] as Tensor }, { signal: controller.signal }).then(
        (outputs) => {
          expect(bits(outputs)).toBe(expected[which]);
          count('right');
        },
        (error: LanewiseError) => count(error.code),
      );
      pending.add(run.finally(() => pending.delete(run)));
      const fate = next();
      if (fate < 0.1) controller.abort();
      else if (fate < 0.3) setTimeout(() => controller.abort(), next() * 20);
      else if (fate < 0.33) {
        model.dispose();
        model = await compile();
      }
      // Some wait for each other, others do not.
      if (next() < 0.2) await run;
    }
    await Promise.all(pending);
    model.dispose();
  }

  await Promise.all(Array.from({ length: MODELS }, (_, i) => drive(i)));
  expect(Object.values(counts).reduce((sum, n) => sum + n)).toBe(MODELS * RUNS);
  expect(Object.keys(counts).sort()).toEqual(['ABORTED', 'DISPOSED', 'right']);
  expect(counts.right).toBeGreaterThan(MODELS * RUNS * 0.3);
});

const script = fileURLToPath(new URL('leak.mjs', import.meta.url));
if (existsSync(fileURLToPath(new URL('../../dist/zoo.js', import.meta.url)))) {
  test.each([1, 2])('memory is given back: %i threads, 200 cycles of load, run and dispose', (threads) => {
    // The first cycles fill caches of the engine's own. What 120 models hold is 500 MB.
    const output = execFileSync(process.execPath, ['--expose-gc', script, String(threads), '80', '200'], { encoding: 'utf8' });
    const [before = 0, after = 0] = JSON.parse(output) as number[];
    expect(before).toBeGreaterThan(30);
    expect(after).toBeLessThan(before + 25);
  });
} else {
  skip('memory is given back', 'dist/ is not there');
}
