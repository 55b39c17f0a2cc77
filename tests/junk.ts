// What callers without types may hand over, and how a call may end.

import { LanewiseError } from '../src/errors.ts';
import { Tensor } from '../src/graph/tensor.ts';

const circular: unknown[] = [];
circular.push(circular);

/** Buffers whose bytes are gone, and views of them. */
function gone(): unknown[] {
  const transferred = new ArrayBuffer(16);
  const views = [
    new Uint8Array(transferred),
    new Uint8Array(transferred, 4, 4),
    new Float32Array(transferred),
    new DataView(transferred, 2),
  ];
  const tensor = new Tensor('float32', views[2] as Float32Array);
  structuredClone(transferred, { transfer: [transferred] });
  // Those of a memory that has grown.
  const memory = new WebAssembly.Memory({ initial: 1 });
  const old = new Uint8Array(memory.buffer, 8, 16);
  memory.grow(1);
  // What lay past the new end.
  const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer & { resize(bytes: number): void };
  const shrunk = new Resizable(16, { maxByteLength: 32 });
  const past = [new Uint8Array(shrunk, 8), new Uint8Array(shrunk, 8, 4), new DataView(shrunk, 12)];
  shrunk.resize(4);
  return [transferred, ...views, tensor, { type: 'float32', dims: [4], data: views[2] }, old, shrunk, ...past];
}

/** Made anew for each test, for a call may keep or change them. */
export const junk = (): unknown[] => [
  ...[undefined, null, true, false, Number.NaN, -1, 0, 1, 2, 1.5, 1e10, 1e308, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 53, 5n],
  ...['', 'x', '1', '\0', 'http://[', 'file://%', Symbol('s'), () => 1, /x/, Promise.resolve(1)],
  ...[{}, Object.create(null), { toString: 5 }, { length: 3 }, { length: -1 }, { name: Symbol('s') }, { read: 5 }, { graph: () => null }],
  ...[{ type: Symbol('s'), dims: [Symbol('s')], data: [1] }, { width: 2, height: 2, data: 3 }, { aborted: true }, { constructor: null }],
  ...[new Map(), new Map([[Symbol('k'), null]]), new Map([['k', null]]), new Set([1]), new Date(Number.NaN), new Error('e'), new WeakMap()],
  ...[[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [Number.NaN, 1], ['1', 2], [Symbol('s'), 1], [undefined, null], [5n], [{}], [[1]]],
  ...[new Array(3), circular, new ArrayBuffer(8), new SharedArrayBuffer(8), new Uint8Array(new SharedArrayBuffer(8)), new Uint8Array(0)],
  ...[new Uint8Array(4), new Float32Array(4), new BigInt64Array(2), new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer)],
  ...[new DataView(new ArrayBuffer(8)), new Tensor('float32', [1]), new Tensor('int64', [1n]), new URL('x:y'), new Response('x')],
  ...[AbortSignal.abort(), new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)), ...gone()],
];

/** What a call gives, at once or later; undefined where it is refused, which has to be by a LanewiseError. */
export function attempt(run: () => unknown): unknown {
  try {
    const result = run();
    return result instanceof Promise ? result.catch(refused) : result;
  } catch (error) {
    return refused(error);
  }
}

function refused(error: unknown): undefined {
  if (!(error instanceof LanewiseError)) throw error;
}
