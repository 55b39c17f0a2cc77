// Runs unchanged on every platform: fifty steps of a ResNet-20 with dropout, and the hash of all that stays of them.

const CLASSES = 10;
const EPOCHS = 5;
/** Ten batches of 8, the last one of 7. */
const PICTURES = 79;
const BATCH = 8;
/** Where a run that goes on later stops: within an epoch. */
const STOP = 23;

/**
 * Trains, and hashes the file that a trainer goes on from: weights, statistics, momentum.
 * @param {object} lanewise what `lanewise`, `lanewise/layers` and `lanewise/train` export
 * @param {object} [options] for `trainer`: `{ threads }`, `{ wasm }`
 * @param {boolean} [stops] whether training stops in between, and another trainer goes on from the file
 * @returns {Promise<{ hash: string, warmMs: number, threads: number, note: string }>} `warmMs` is that of a step
 */
export async function train(lanewise, options = {}, stops = false) {
  const { crossEntropy, sgd, trainer } = lanewise;
  const all = {
    loss: crossEntropy(),
    optimizer: sgd({ momentum: 0.9, nesterov: true, weightDecay: 5e-4 }),
    clip: 5,
    seed: 3,
    batch: BATCH,
  };
  const net = network(lanewise);
  const { batches, tests } = examples(lanewise);
  let t = await trainer(net, { ...all, ...options });
  const start = performance.now();
  if (stops) {
    await fit(lanewise, t, batches, STOP);
    const resume = await t.save();
    t.dispose();
    t = await trainer(net, { ...all, ...options, resume });
  }
  await fit(lanewise, t, batches);
  const warmMs = (performance.now() - start) / t.position.step;
  const { loss, accuracy } = await t.evaluate(tests);
  const bytes = await t.save();
  const { threads } = t;
  t.dispose();
  const told = new TextEncoder().encode(`${loss} ${accuracy}`);
  const both = new Uint8Array(bytes.length + told.length);
  both.set(bytes);
  both.set(told, bytes.length);
  const digest = await crypto.subtle.digest('SHA-256', both);
  const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { hash, warmMs, threads, note: `a step; loss ${loss.toFixed(3)}` };
}

/** All epochs, or the first steps of them. */
async function fit({ cosine }, trainer, batches, steps) {
  const control = new AbortController();
  const schedule = cosine(0.1, { warmup: 1 });
  const onStep = () => {
    if (trainer.position.step === steps) control.abort();
  };
  await trainer.fit(batches, { epochs: EPOCHS, schedule, onStep, signal: control.signal }).catch((error) => {
    if (error.code !== 'ABORTED') throw error;
  });
}

/** A ResNet-20 with dropout before its last layer. */
function network({ add, batchNorm, conv2d, dense, dropout, flatten, globalAvgPool2d, input, model, relu }) {
  const conv = (x, filters, kernel, stride) => batchNorm(conv2d(x, filters, kernel, { stride, padding: kernel >> 1, bias: false }));
  const x = input([3, 32, 32]);
  let y = relu(conv(x, 16, 3, 1));
  for (const filters of [16, 32, 64]) {
    for (let i = 0; i < 3; i++) {
      const stride = i === 0 && filters > 16 ? 2 : 1;
      const branch = conv(relu(conv(y, filters, 3, stride)), filters, 3, 1);
      y = relu(add(branch, stride === 1 ? y : conv(y, filters, 1, stride)));
    }
  }
  return model(x, dense(dropout(flatten(globalAvgPool2d(y)), 0.2), CLASSES), { seed: 1 });
}

/** Pictures of stripes, a direction and a width for each class, in noise. All numbers are fractions of powers of two. */
function examples({ inBatches, Tensor }) {
  let state = 7;
  const noise = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24 - 0.5;
  };
  const made = (count) => {
    const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
    const pixels = new Float32Array(count * 3 * 32 * 32);
    for (let at = 0; at < pixels.length; at++) {
      const label = labels[Math.floor(at / (3 * 32 * 32))];
      const [x, y] = [at % 32, (at >> 5) % 32];
      const along = label % 2 === 0 ? x : y;
      pixels[at] = ((along >> (label >> 1)) & 1) - 0.5 + noise();
    }
    return [new Tensor(pixels, [count, 3, 32, 32]), labels];
  };
  return {
    batches: inBatches(...made(PICTURES), { batch: BATCH, seed: 2 }),
    tests: inBatches(...made(40), { batch: BATCH, shuffle: false }),
  };
}
