// PyTorch trains a network of networks.py: bench/train/torch_train.py, from TypeScript.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import type { LayersModel } from '../../src/layers/index.ts';
import { array, type NdArray } from '../reference/index.ts';
import type { networks } from './networks.ts';
import { python } from './torch.ts';

const script = fileURLToPath(new URL('../../bench/train/torch_train.py', import.meta.url));

export interface TorchTraining {
  readonly name: keyof typeof networks;
  /** Whose weights it starts with. */
  readonly network: LayersModel;
  /** All batches: [batches, N, C, H, W]. */
  readonly pictures: Tensor<'float32'>;
  /** [batches, N]. */
  readonly labels: Tensor<'int32'>;
}

export interface TorchTrained {
  /** Of each step, before its update. */
  readonly losses: readonly number[];
  /** What it wrote by option: `{ gradients: ... }` for '--gradients', by the weights' names. */
  readonly files: Readonly<Record<string, ReadonlyMap<string, NdArray>>>;
}

/**
 * Runs torch_train.py.
 * @param args its options; those of `files` are names of options that take a file to write
 * @throws Error what Python says
 */
export function torchTrain(
  { name, network, pictures, labels }: TorchTraining,
  args: readonly string[],
  files: readonly string[] = [],
): TorchTrained {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-torch-'));
  try {
    const given = {
      weights: network.toSafetensors(),
      batches: writeSafetensors(new Map<string, Tensor>(Object.entries({ pictures, labels }))),
    };
    for (const [option, bytes] of Object.entries(given)) writeFileSync(join(folder, option), bytes);
    const named = [...Object.keys(given), ...files].flatMap((option) => [`--${option}`, join(folder, option)]);
    const { status, stdout, stderr } = spawnSync(python, [script, name, ...named, ...args], { encoding: 'utf8', timeout: 170_000 });
    if (status !== 0) throw new Error(stderr || `${python} ended with ${status}`);
    const losses = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { loss: number }).loss);
    return { losses, files: Object.fromEntries(files.map((option) => [option, tensorsOf(join(folder, option))])) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const tensorsOf = (path: string): Map<string, NdArray> =>
  new Map(
    [...readSafetensors(readFileSync(path)).tensors].map(([name, tensor]) => [
      name,
      array(tensor.dims, Float64Array.from(tensor.read() as Float32Array)),
    ]),
  );
