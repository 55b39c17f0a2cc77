// The border to the pictures' own WebAssembly (assembly/vision): a binary under 4 KB, which every browser compiles at once
// and on the main thread, with a memory of its own. Big pictures go through it in bands, so the memory stays small, and is
// kept for the next call. Each function here does what the plain loop of its name does, to the same bytes, or returns false
// if there is no SIMD, if the engine refuses to compile (a page's policy, workers of some clouds) or if a single row needs
// too much memory.

import text from '../../build/vision.js';
import { decodeBinary } from '../binary.ts';
import type { Picture } from './picture.ts';
import type { Taps } from './resample.ts';

interface Kernels {
  readonly memory: WebAssembly.Memory;
  u8_resample_rows(
    input: number,
    inStride: number,
    channels: number,
    rows: number,
    outputs: number,
    table: number,
    weights: number,
    weightStride: number,
    output: number,
    outStride: number,
  ): void;
  u8_resample_columns(
    input: number,
    bytes: number,
    outputs: number,
    table: number,
    weights: number,
    weightStride: number,
    output: number,
  ): void;
  f32_lookup_planes(input: number, channels: number, pixels: number, tables: number, output: number): void;
}

/** Approximate bytes of input per call: with its output it stays in a core's second-level cache. */
const BAND = 1 << 17;
/** The largest size of the memory, in bytes. */
const LIMIT = 1 << 24;
const PAGE = 1 << 16;
/** Spare bytes after each part, because kernels read, and some store, past the end of a row. */
const SPARE = 64;

let loaded: Kernels | null | undefined;
let allowed = true;

/** @internal Whether the calls below may use WebAssembly; for tests and benchmarks. */
export function allowSimd(allow: boolean): void {
  allowed = allow;
}

/** @internal Whether the calls below do use WebAssembly. */
export const usesSimd = (): boolean => kernels() !== undefined;

let provided: WebAssembly.Module | undefined;

/** @internal Sets the compiled binary: used by the entry for platforms that forbid compiling (src/edge). */
export function provide(module: WebAssembly.Module): void {
  provided = module;
}

function kernels(): Kernels | undefined {
  if (loaded === undefined) {
    try {
      loaded = new WebAssembly.Instance(provided ?? new WebAssembly.Module(decodeBinary(text))).exports as unknown as Kernels;
    } catch {
      loaded = null;
    }
  }
  return allowed && loaded ? loaded : undefined;
}

/** The addresses of parts of these sizes, in memory that is grown to hold them; undefined if that is too much. */
function place({ memory }: Kernels, sizes: readonly number[]): number[] | undefined {
  let end = SPARE;
  const addresses = sizes.map((size) => {
    const address = end;
    end = (address + size + SPARE + 15) & ~15;
    return address;
  });
  if (sizes.reduce((sum, size) => sum + size, 0) > LIMIT) return undefined;
  const missing = Math.ceil((end - memory.buffer.byteLength) / PAGE);
  try {
    if (missing > 0) memory.grow(missing);
  } catch {
    return undefined;
  }
  return addresses;
}

/** The weights in the kernels' form (assembly/vision/resample.inline.ts), `padded` taps for every output. */
function packWeights({ first, count, stride, weights }: Taps, padded: number): Int16Array {
  const packed = new Int16Array(first.length * padded * 2);
  for (let i = 0; i < first.length; i++) {
    for (let j = 0; j < (count[i] as number); j++) {
      const weight = weights[i * stride + j] as number;
      const at = (i * padded + (j & ~1)) * 2 + (j & 1);
      packed[at] = weight;
      packed[at + 2] = (weight - (packed[at] as number)) >> 16;
    }
  }
  return packed;
}

/** For each output, the distance of its first sample in bytes and its number of groups of taps. */
function table({ first, count }: Taps, sampleBytes: number, group: 2 | 4): Int32Array {
  const entries = new Int32Array(first.length * 2);
  for (let i = 0; i < first.length; i++) {
    entries[2 * i] = Math.imul(first[i] as number, sampleBytes);
    entries[2 * i + 1] = Math.ceil((count[i] as number) / group);
  }
  return entries;
}

/**
 * The addresses of the parts of a resampling, with taps and weights written; undefined if they are too much.
 * @param group the taps that the kernel takes at a time
 */
function placeTaps(wasm: Kernels, taps: Taps, sampleBytes: number, group: 2 | 4, inputBytes: number, outputBytes: number) {
  const outputs = taps.first.length;
  const padded = Math.ceil(taps.stride / group) * group;
  const weightStride = padded * 4;
  // Weights are packed only once they are known to fit.
  const places = place(wasm, [outputs * 8, outputs * weightStride, inputBytes, outputBytes]);
  if (!places) return undefined;
  const [entries, weights, input, output] = places as [number, number, number, number];
  const bytes = new Uint8Array(wasm.memory.buffer);
  new Int32Array(bytes.buffer, entries).set(table(taps, sampleBytes, group));
  new Int16Array(bytes.buffer, weights).set(packWeights(taps, padded));
  return { bytes, entries, weights, weightStride, input, output };
}

/** As `resampleRows` of resample.ts. */
export function resampleRows(source: Picture, taps: Taps, firstRow: number, lastRow: number, data: Uint8Array): boolean {
  const wasm = kernels();
  if (!wasm) return false;
  const { channels } = source;
  const outputs = taps.first.length;
  const inStride = source.width * channels;
  const outStride = outputs * 3;
  const band = Math.min(lastRow - firstRow, Math.max(4, Math.floor(BAND / inStride) & ~3));
  const placed = placeTaps(wasm, taps, channels, 4, band * inStride, band * outStride);
  if (!placed) return false;
  const { bytes, entries, weights, weightStride, input, output } = placed;
  for (let y = firstRow; y < lastRow; y += band) {
    const rows = Math.min(band, lastRow - y);
    bytes.set(source.data.subarray(y * inStride, (y + rows) * inStride), input);
    wasm.u8_resample_rows(input, inStride, channels, rows, outputs, entries, weights, weightStride, output, outStride);
    data.set(bytes.subarray(output, output + rows * outStride), (y - firstRow) * outStride);
  }
  return true;
}

/** As `resampleColumns` of resample.ts. */
export function resampleColumns(source: Picture, taps: Taps, firstRow: number, data: Uint8Array): boolean {
  const wasm = kernels();
  if (!wasm) return false;
  const { first, count } = taps;
  const outputs = first.length;
  const row = source.width * 3;
  const most = count.reduce((a, b) => Math.max(a, b), 0);
  const room = Math.max(most, Math.floor(BAND / row));
  // A pair of taps may end one row after the last.
  const placed = placeTaps(wasm, taps, row, 2, (room + 1) * row, room * row);
  if (!placed) return false;
  const { bytes, entries, weights, weightStride, input, output } = placed;
  for (let y = 0; y < outputs; ) {
    const top = first[y] as number;
    let bottom = top;
    const start = y;
    for (; y < outputs && y - start < room; y++) {
      const reach = Math.max(bottom, (first[y] as number) + (count[y] as number));
      if (reach - top > room) break;
      bottom = reach;
    }
    bytes.set(source.data.subarray((top - firstRow) * row, (bottom - firstRow) * row), input);
    // The table counts from row 0; addresses wrap around.
    const origin = (input - Math.imul(top, row)) | 0;
    wasm.u8_resample_columns(origin, row, y - start, entries + start * 8, weights + start * weightStride, weightStride, output);
    data.set(bytes.subarray(output, output + (y - start) * row), start * row);
  }
  return true;
}

/**
 * Converts bytes of the first three channels to the values in `tables`, [3, 256], as planes.
 * @param data gets three planes of `width * height` values each
 */
export function lookupPlanes({ width, height, channels, data: source }: Picture, tables: Float32Array, data: Float32Array): boolean {
  const wasm = kernels();
  if (!wasm) return false;
  const plane = width * height;
  const band = Math.min(plane, BAND >> 3);
  const padded = (band + 3) & ~3;
  const places = place(wasm, [tables.byteLength, padded * channels, padded * 12]);
  if (!places) return false;
  const [table, input, output] = places as [number, number, number];
  const bytes = new Uint8Array(wasm.memory.buffer);
  const floats = new Float32Array(wasm.memory.buffer);
  floats.set(tables, table >> 2);
  for (let start = 0; start < plane; start += band) {
    const pixels = Math.min(band, plane - start);
    bytes.set(source.subarray(start * channels, (start + pixels) * channels), input);
    wasm.f32_lookup_planes(input, channels, pixels, table, output);
    const rounded = (pixels + 3) & ~3;
    for (let c = 0; c < 3; c++) {
      const from = (output >> 2) + c * rounded;
      data.set(floats.subarray(from, from + pixels), c * plane + start);
    }
  }
  return true;
}
