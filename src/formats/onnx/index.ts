import { kindOf, shown } from '../../arguments.ts';
import { LanewiseError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { type Bytes, checkedBytes } from '../bytes.ts';
import { type OpenedOnnx, openOnnx } from './open.ts';
import { newExtras } from './subgraphs.ts';

export { readTensorProto } from './tensorProto.ts';

/** As `openOnnx`, with the readers of everything that a file may contain. */
export const openWhole = (bytes: Bytes, what: string): OpenedOnnx => openOnnx(bytes, what, newExtras());

/** `readOnnx` of lanewise/onnx, without the naming of files that are not ONNX. */
export function readOnnx(bytes: Uint8Array, what = 'the model', externalFiles?: ReadonlyMap<string, Uint8Array>): Graph {
  const opened = openWhole(bytes, what);
  if (externalFiles === undefined) return opened.graph();
  if (kindOf(externalFiles) !== 'Map')
    throw new LanewiseError('INVALID_INPUT', `external files are a Map by path, got ${shown(externalFiles)}`);
  return opened.graph(new Map([...externalFiles].map(([path, file]) => [path, checkedBytes(file, path)])));
}

/** `externalLocations`, likewise. */
export const externalLocations = (bytes: Uint8Array, what = 'the model'): string[] => [...openWhole(bytes, what).external.keys()];
