import { LanewiseError } from '../errors.ts';
import type { Constant } from '../graph/graph.ts';
import { formatDims, type Tensor } from '../graph/tensor.ts';

type Described = Pick<Constant | Tensor, 'type' | 'dims'>;

/** How given tensors differ from those of a network. */
export interface Misfit {
  /** Names that the network has and the tensors lack. */
  readonly missing: readonly string[];
  /** Names that only the tensors have. */
  readonly unexpected: readonly string[];
  /** Names of tensors of another type or shape than the network's. */
  readonly misshapen: readonly string[];
}

/** Compares tensors by name, type and shape. */
export function compareTensors(wanted: ReadonlyMap<string, Described>, got: ReadonlyMap<string, Described>): Misfit {
  const names = [...wanted.keys()];
  return {
    missing: names.filter((name) => !got.has(name)),
    unexpected: [...got.keys()].filter((name) => !wanted.has(name)),
    misshapen: names.filter((name) => got.has(name) && describe(got.get(name)) !== describe(wanted.get(name))),
  };
}

const describe = (tensor: Described | undefined): string => (tensor ? `${tensor.type} ${formatDims(tensor.dims)}` : '');

/** A message lists no more names than somebody would read. */
const MOST_LISTED = 8;

/** The error that lists them, a line for each kind. @param what 'weights.safetensors does not fit resnet18' */
export function misfitError(
  what: string,
  misfit: Misfit,
  wanted: ReadonlyMap<string, Described>,
  got: ReadonlyMap<string, Described>,
): LanewiseError {
  const line = (title: string, names: readonly string[], entry: (name: string) => string) => {
    if (names.length === 0) return [];
    const more = names.length > MOST_LISTED ? [`and ${names.length - MOST_LISTED} more`] : [];
    return [`  ${title} (${names.length}): ${[...names.slice(0, MOST_LISTED).map(entry), ...more].join(', ')}`];
  };
  const lines = [
    ...line('missing', misfit.missing, (name) => `'${name}' ${describe(wanted.get(name))}`),
    ...line('unexpected', misfit.unexpected, (name) => `'${name}' ${describe(got.get(name))}`),
    ...line(
      'of another shape',
      misfit.misshapen,
      (name) => `'${name}' is ${describe(got.get(name))} instead of ${describe(wanted.get(name))}`,
    ),
  ];
  return new LanewiseError('INVALID_INPUT', [`${what}:`, ...lines]);
}
