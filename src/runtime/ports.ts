// What goes into a model and comes out of it. Types only.

import type { Dim } from '../graph/graph.ts';
import type { Tensor, TensorType, TypedArray } from '../graph/tensor.ts';
import type { Late, Plan } from '../plan/plan.ts';
import type { Held, Running } from './running.ts';

/** Tensors by the names of a model's inputs. Sequences are lists of tensors; an empty optional is null, or left out. */
export type Feeds<T extends Feed = Tensor> = Readonly<Record<string, T>>;

/** What an input takes: a tensor, or its elements alone, if the input's shape is known but for the batch, its first dimension. */
export type Feed = Held | TypedArray<TensorType>;

/** What a run takes: feeds by name, or the elements of a model's only input. */
export type Fed = Feeds<Feed> | TypedArray<TensorType>;

/** An input of a model. A dimension that the caller chooses is a name, '' if it has none. */
export interface ModelInput {
  /** Its name in the file. */
  readonly name: string;
  /**
   * The type in the file. Inputs that are float16 here, or float64 in a model that runs in float32 (`warnings`), accept
   * float32 tensors as well.
   */
  readonly type: TensorType;
  /** Its shape; dimensions that the caller chooses have names. */
  readonly dims: readonly Dim[];
  /** Set if the input is no tensor. */
  readonly list?: 'sequence' | 'optional' | undefined;
}

/** An output of a model; without dimensions if its file omits them. */
export interface ModelOutput {
  /** Its name in the file. */
  readonly name: string;
  /** The type in the file. */
  readonly type: TensorType;
  /** Its shape; dimensions that depend on the inputs have names. */
  readonly dims?: readonly Dim[];
  /** Set if the output is no tensor. */
  readonly list?: 'sequence' | 'optional' | undefined;
}

/** Tensors by the names of a model's outputs. The few models that give sequences say so: `run<readonly Tensor[]>(feeds)`. */
export type Outputs<T extends Held = Tensor, N extends string = string> = Record<N, T>;

/**
 * Makes plans: the compiler.
 * @internal
 */
export interface PlanSource {
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
  /** Warnings about the model. */
  readonly warnings?: readonly string[];
  /** Whether inputs and outputs of float64 are float32 inside. */
  readonly narrow: boolean;
  /** The inputs whose elements the plan depends on. */
  readonly shapingInputs: ReadonlySet<string>;
  /** The inputs that nothing reads; they may be left out. */
  readonly unreadInputs: ReadonlySet<string>;
  /** @param wanted the outputs that it has to make at least. Default: all */
  plan(dims: ReadonlyMap<string, readonly number[]>, values: ReadonlyMap<string, Tensor>, wanted?: ReadonlySet<string>): Plan;
  /** Runs the nodes that wait for a run. `values` has the feeds and the results of the plan before them; theirs are added. */
  finish?(late: Late, values: Map<string, Held>): Running<void>;
}
