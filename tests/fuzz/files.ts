// The mutator of files, in a process of its own: node build/fuzz/files.mjs OPTIONS, JSON; tests/fuzz/run.mjs starts it, and again where it dies.

import { compileGraph } from '../../src/compiled/write.ts';
import { LanewiseError } from '../../src/errors.ts';
import { readCheckpoint } from '../../src/formats/checkpoint/index.ts';
import { readNpy, writeNpy } from '../../src/formats/npy.ts';
import { readOnnx, readTensorProto } from '../../src/formats/onnx/index.ts';
import { writeOnnx } from '../../src/formats/onnx/writer.ts';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { load } from '../../src/load.ts';
import { compileModule } from '../../src/runtime/wasm.ts';
import { encodeTensor } from '../formats/onnx-writer.ts';
import { everything } from '../layers/everything.ts';
import { Draw, seedOf } from './draw.ts';
import { generate } from './generate.ts';
import { fileOf } from './graph.ts';
import { anyCheckpoint, hostile } from './hostile-checkpoint.ts';
import { type Format, mutate } from './mutate.ts';
import { inBranch, inLoop } from './variants.ts';
import { worker, workerOptions } from './worker.ts';

/** No load takes more of the processor, nor of memory. */
const MOST_MS = 1000;
const MOST_BYTES = 1e9;
/** Larger models are loaded and not run. */
const RUN_BYTES = 32 * 1024 ** 2;

const module = await compileModule('strict', 'more');
const network = everything().toONNX();

function onnx(draw: Draw): Uint8Array {
  for (;;) {
    if (draw.chance(5)) return network;
    const { graph } = generate(draw);
    if (graph.nodes.length === 0) continue;
    const file = fileOf(graph);
    if (!draw.chance(25)) return file;
    // With branches and bodies, which writeOnnx writes of all but Casts to halves.
    const whole = readOnnx(file);
    return writeOnnx(draw.chance(50) ? inLoop(whole) : inBranch(whole, draw.of(['float32', 'int64'] as const)));
  }
}

const tensors = (draw: Draw) =>
  draw.list(draw.int(1, 3), () => {
    const dims = draw.list(draw.int(0, 3), () => draw.int(0, 4));
    const count = dims.reduce((a, b) => a * b, 1);
    const type = draw.of(['float32', 'float64', 'uint8', 'int32', 'bool'] as const);
    return new Tensor(
      type,
      draw.list(count, (i) => i % 2),
      dims,
    );
  });

const sources: Readonly<Record<Format, (draw: Draw) => Uint8Array>> = {
  onnx,
  compiled(draw) {
    for (let tries = 0; tries < 20; tries++) {
      try {
        return compileGraph(readOnnx(onnx(draw)), {}, module);
      } catch (error) {
        if (!(error instanceof LanewiseError)) throw error;
      }
    }
    return compileGraph(readOnnx(network), { inputShapes: { input: [1, 3, 17, 15] } }, module);
  },
  safetensors: (draw) =>
    writeSafetensors(
      new Map(tensors(draw).map(({ type, dims, data }, i) => [`t${i}`, { type, dims, read: () => data }] as const)) as never,
    ),
  checkpoint: anyCheckpoint,
  npy: (draw) => writeNpy(tensors(draw)[0] as Tensor),
  tensor(draw) {
    const { type, dims, data } = tensors(draw)[0] as Tensor;
    return encodeTensor({ name: 't', type, dims, data, as: draw.of(['raw', 'typed', 'unpacked']) });
  },
};

async function runModel(bytes: Uint8Array, measure: () => void): Promise<string> {
  const model = await load(bytes);
  measure();
  try {
    const { total } = model.memory;
    const dims = model.inputs.map(({ dims }) => dims.map((dim) => (typeof dim === 'number' ? dim : 1)));
    const count = dims.reduce((sum, list) => sum + list.reduce((a, b) => a * b, 1), 0);
    if (total > RUN_BYTES || count > 1e6) return 'loads';
    const feeds = model.inputs.map(({ name, type }, i): [string, Tensor] => {
      const list = dims[i] as number[];
      const size = list.reduce((a, b) => a * b, 1);
      return [
        name,
        new Tensor(
          type,
          Array.from({ length: size }, (_, at) => (type.endsWith('64') && !type.startsWith('f') ? BigInt(at % 2) : at % 2)),
          list,
        ),
      ];
    });
    model.runSync(Object.fromEntries(feeds));
    return 'runs';
  } finally {
    model.dispose();
  }
}

const readers: Readonly<Record<Format, (bytes: Uint8Array, measure: () => void) => Promise<string>>> = {
  onnx: runModel,
  compiled: runModel,
  async safetensors(bytes, measure) {
    for (const tensor of readSafetensors(bytes).tensors.values()) tensor.read();
    measure();
    return 'reads';
  },
  async checkpoint(bytes, measure) {
    for (const tensor of readCheckpoint(bytes).tensors.values()) tensor.read();
    measure();
    return 'reads';
  },
  async npy(bytes, measure) {
    readNpy(bytes);
    measure();
    return 'reads';
  },
  async tensor(bytes, measure) {
    readTensorProto(bytes, 'tensor.pb');
    measure();
    return 'reads';
  },
};

const formats: readonly Format[] = [
  'onnx',
  'onnx',
  'onnx',
  'onnx',
  'onnx',
  'compiled',
  'compiled',
  'safetensors',
  'checkpoint',
  'npy',
  'tensor',
];
/** Of checkpoints so many, in percent, are made to do harm; the others are broken like other files. */
const HOSTILE = 60;

/** So often is a file broken before another one is made. */
const EACH = 16;
let made: { key: string; format: Format; file: Uint8Array; other: Uint8Array } | undefined;

/** A whole file, and another of its format to take parts from. */
function filesOf(seed: number, number: number) {
  const key = `${seed}:${number}`;
  if (made?.key === key) return made;
  const draw = new Draw(seedOf(seed + 1e6, number));
  const { only } = workerOptions();
  const format = draw.of(only ? [only as Format] : formats);
  made = { key, format, file: sources[format](draw), other: sources[format](draw) };
  return made;
}

interface Stats {
  files: number;
  outcomes: Record<string, number>;
  slowest: number;
  failures: { index: number; kind: string; text: string; graph: string }[];
}
const stats: Stats = { files: 0, outcomes: {}, slowest: 0, failures: [] };

const shown = (bytes: Uint8Array): string => (bytes.length <= 3000 ? Buffer.from(bytes).toString('base64') : `${bytes.length} bytes`);

/** @returns whether the process is as small as it should be */
async function run(seed: number, index: number): Promise<boolean> {
  const draw = new Draw(seedOf(seed, index));
  const { format, file, other } = filesOf(seed, Math.floor(index / EACH));
  const isHostile = format === 'checkpoint' && draw.chance(HOSTILE);
  const { bytes, how, forged } = isHostile ? { bytes: hostile(draw), how: 'hostile', forged: false } : mutate(file, format, other, draw);
  const fail = (what: string, text: string) => {
    const kind = `${format}${forged ? ', forged' : ''}: ${what}`;
    if (stats.failures.filter((failure) => failure.kind === kind).length >= (workerOptions().shown ?? 3)) return;
    stats.failures.push({ index, kind, text: `${how}: ${text}`, graph: shown(bytes) });
  };
  if (workerOptions().replay) console.log(`${format}${forged ? ', forged' : ''}: ${how}\n${shown(bytes)}`);
  const start = process.cpuUsage();
  const before = process.resourceUsage().maxRSS;
  let ms = 0;
  const measure = () => {
    const { user, system } = process.cpuUsage(start);
    ms = (user + system) / 1000;
  };
  let outcome: string;
  try {
    outcome = await readers[format](bytes, measure);
  } catch (error) {
    if (ms === 0) measure();
    // A program that somebody wrote may do what traps: that ends it.
    if (error instanceof LanewiseError) outcome = error.code + (error.cause instanceof WebAssembly.RuntimeError ? ', by a trap' : '');
    else {
      outcome = 'another error';
      fail('another error', String((error as Error)?.stack ?? error).slice(0, 600));
    }
  }
  const grown = process.resourceUsage().maxRSS * 1024;
  if (ms > MOST_MS) fail('slow', `${outcome} after ${ms.toFixed(0)} ms of the processor`);
  // The high-water mark does not fall: another process goes on.
  const large = grown > MOST_BYTES && grown > before * 1024;
  if (large) fail('large', `${outcome}, ${(grown / 1e6).toFixed(0)} MB resident`);
  stats.files++;
  stats.slowest = Math.max(stats.slowest, ms);
  const key = `${format}${forged ? ', forged' : ''}: ${outcome}`;
  stats.outcomes[key] = (stats.outcomes[key] ?? 0) + 1;
  return !large;
}

const { replay } = workerOptions();
if (replay) {
  const [seed, index] = replay.split(':').map(Number);
  await run(seed ?? 1, index ?? 0);
  console.log(stats);
  process.exit(stats.failures.length > 0 ? 1 : 0);
}
await worker(stats, (index, { seed }) => run(seed, index));
