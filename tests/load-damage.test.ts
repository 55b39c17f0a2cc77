import { readFileSync } from 'node:fs';
import { readOnnx } from '../src/formats/onnx/index.ts';
import { LanewiseError, load, Tensor } from '../src/index.ts';
import { withoutStacks } from './failure.ts';
import { noiseNumbers } from './numbers.ts';

withoutStacks();

const original = new Uint8Array(readFileSync('models/cifar10-resnet20/model.onnx'));
const input = new Tensor('float32', new Float32Array(3072).fill(0.5), [1, 3, 32, 32]);

/** What loading damaged bytes, and running what loads, comes to. Anything but an answer or a LanewiseError fails the test. */
async function outcome(bytes: Uint8Array): Promise<string> {
  try {
    const model = await load(bytes);
    expect(model.memory.total).toBeLessThan(1e9);
    model.runSync({ input });
    model.dispose();
    return 'runs';
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    expect(error.message.length).toBeGreaterThan(20);
    return error.code;
  }
}

test('cut off at every 97th byte, the file gives an error', async () => {
  const codes = new Map<string, number>();
  for (let length = 0; length < original.length; length += 97) {
    const code = await outcome(original.subarray(0, length));
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect(codes.get('runs')).toBeUndefined();
  expect(codes.get('TRUNCATED_FILE')).toBeGreaterThan(10_000);
}, 240_000);

/** Where the bytes that are not weights lie: half of the flips go there. */
function structure(): number[] {
  const weights = new Uint8Array(original.length);
  for (const constant of readOnnx(original, 'model').constants.values()) {
    const data = constant.read();
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const at = Buffer.from(original.buffer, original.byteOffset, original.length).indexOf(bytes);
    if (at >= 0) weights.fill(1, at, at + bytes.length);
  }
  return [...weights.keys()].filter((i) => weights[i] === 0);
}

test('with bits flipped 2,000 times, the file gives an error or a model that runs, each within a second', async () => {
  const places = structure();
  expect(places.length).toBeGreaterThan(5_000);
  expect(places.length).toBeLessThan(100_000);
  const next = noiseNumbers(20151203);
  const random = (below: number) => Math.floor(next() * below);
  const slow: string[] = [];
  const codes = new Map<string, number>();
  for (let i = 0; i < 2000; i++) {
    const bytes = original.slice();
    const at = i % 2 === 0 ? random(bytes.length) : (places[random(places.length)] ?? 0);
    const bit = random(8);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    let start = performance.now();
    const code = await outcome(bytes);
    // Once more, because the machine may have stood still.
    if (performance.now() - start > 1000) {
      start = performance.now();
      await outcome(bytes);
    }
    const ms = performance.now() - start;
    if (ms > 1000) slow.push(`byte ${at} bit ${bit}: ${code} after ${ms.toFixed(0)} ms`);
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect(slow).toEqual([]);
  expect(codes.get('runs')).toBeGreaterThan(1000);
}, 240_000);
