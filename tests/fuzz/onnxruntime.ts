// The peer, where it is installed: onnxruntime-node, as bench/peers installs it or as it is found from the checkout.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { DataType, TypedArray } from '../../src/graph/tensor.ts';
import type { FuzzTensor } from './graph.ts';

export interface Result {
  readonly type: DataType;
  readonly dims: readonly number[];
  readonly data: TypedArray;
}

export type Results = ReadonlyMap<string, Result>;

interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, { type: string; dims: readonly number[]; data: unknown }>>;
  release(): Promise<void>;
}

interface Runtime {
  InferenceSession: { create(bytes: Uint8Array, options: object): Promise<Session> };
  Tensor: new (type: string, data: unknown, dims: readonly number[]) => unknown;
}

/** @param root the checkout's folder, which ends in a slash */
export async function findRuntime(root: string): Promise<Runtime | undefined> {
  for (const folder of [`${root}bench/peers/`, root]) {
    try {
      const module = await import(pathToFileURL(createRequire(`${folder}none.js`).resolve('onnxruntime-node')).href);
      return module.default ?? module;
    } catch {}
  }
  return undefined;
}

export interface Opened {
  run(feeds: readonly FuzzTensor[]): Promise<Results>;
  close(): Promise<void>;
}

/** @throws Error with onnxruntime's own words, where it refuses the file or the inputs */
export async function open(runtime: Runtime, bytes: Uint8Array): Promise<Opened> {
  // Nothing fused: what the file says, node by node.
  const session = await runtime.InferenceSession.create(bytes, {
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    enableCpuMemArena: false,
    enableMemPattern: false,
    logSeverityLevel: 4,
  });
  return {
    async run(feeds) {
      const tensors = feeds.map(({ name, type, dims, data }) => [name, new runtime.Tensor(type, data, dims)]);
      const made = await session.run(Object.fromEntries(tensors));
      return new Map(
        Object.entries(made).map(([name, { type, dims, data }]) => [name, { type: type as DataType, dims, data: data as TypedArray }]),
      );
    },
    close: () => session.release(),
  };
}

export type { Runtime };
