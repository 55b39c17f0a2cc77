import { checkOptions, isOptions, type OptionNames, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import type { Value } from '../graph/value.ts';
import { checkName } from './options.ts';
import type { Parameter } from './parameter.ts';
import type { Recorder } from './recorder.ts';
import { applyLayer, SymbolicTensor, symbolic } from './symbol.ts';

/**
 * A layer that can be applied: a function of a symbolic tensor. Any function of that form is one, so blocks are functions.
 * @param name its name in a named `sequential`: 'features.0'
 */
export interface Layer {
  (x: SymbolicTensor, name?: string): SymbolicTensor;
  /** The name that the layer was given. */
  readonly label?: string | undefined;
}

/** The options of every layer. */
export interface LayerOptions {
  /** The layer's name, which its parameters' names begin with. Default: 'conv2d_1' and so on. */
  readonly name?: string;
}

export const onlyName = { name: 1 } satisfies OptionNames<LayerOptions>;

/** The names of the options in a function's last argument, without `name`. */
type NamesOf<A extends unknown[]> = Required<A> extends [...unknown[], infer O extends object] ? OptionNames<Omit<O, 'name'>> : object;

/**
 * A layer's function. Applied to a symbolic tensor it gives the next one; without one it gives a `Layer` for `sequential`,
 * or to be applied several times with the same weights.
 */
export interface LayerFunction<A extends unknown[]> {
  (x: SymbolicTensor, ...args: A): SymbolicTensor;
  (...args: A): Layer;
  /** Only the second form, which distinguishes a layer's function from a layer. */
  readonly [LATER]: (...args: A) => Layer;
}

export const LATER: unique symbol = /* @__PURE__ */ Symbol('later') as never;

/**
 * Makes a layer's function. `Given` are the arguments that users may pass, if those are more than `build` takes.
 * @param known its options, without `name`
 * @param build records what the layer is made of and gives its output; its last argument is the options
 * @param places how many arguments precede the options. Default: as many as `build` takes without a default value
 */
export function layerFunction<A extends unknown[], Given extends unknown[] = A>(
  kind: string,
  known: NamesOf<A>,
  build: (to: Recorder, x: Value, ...args: A) => Value,
  places = build.length - 2,
): LayerFunction<Given> {
  const made = (...given: unknown[]): SymbolicTensor | Layer => {
    const [first, ...rest] = given;
    const args = argumentsOf(kind, known, places, first instanceof SymbolicTensor ? rest : given);
    const label = (args.at(-1) as LayerOptions).name;
    const apply = (x: SymbolicTensor, name: string | undefined, shared?: readonly Parameter[]): SymbolicTensor =>
      applyLayer(kind, [x], name, (to) => [build(to, x.value, ...(args as unknown as A))], { shared })[0] as SymbolicTensor;
    if (first instanceof SymbolicTensor) return apply(first, label);
    let shared: readonly Parameter[] | undefined;
    const layer = (x: SymbolicTensor, name?: string): SymbolicTensor => {
      checkName(kind, name);
      // The layer's name belongs to its first application, so a second one needs another.
      const whole = shared && name === undefined ? undefined : join(name, label);
      const y = apply(symbolic(x, `what ${kind} is applied to`), whole, shared);
      shared ??= y.layer.parameters;
      return y;
    };
    return Object.assign(layer, { label });
  };
  return Object.assign(made, { [LATER]: made }) as unknown as LayerFunction<Given>;
}

/** The arguments, with the options in their place even if arguments before them are missing, as in `leakyRelu({ name })`. */
function argumentsOf(kind: string, known: object, places: number, given: readonly unknown[]): [...unknown[], LayerOptions] {
  const count = isOptions(given.at(-1)) ? given.length - 1 : Math.min(given.length, places);
  const [options = {}, ...more] = given.slice(count);
  if (count > places || more.length > 0 || !isOptions(options)) {
    const counted = places === 0 ? '' : places === 1 ? ' an argument' : ` ${places} arguments`;
    throw new LanewiseError('INVALID_INPUT', `${kind} takes a symbolic tensor or none,${counted} and options, got ${shown(given)}`);
  }
  checkOptions(kind, options, { ...known, ...onlyName });
  checkName(kind, (options as LayerOptions).name);
  return [...Array.from({ length: places }, (_, i) => (i < count ? given[i] : undefined)), options];
}

/** 'features' and '0' to 'features.0'. */
export const join = (prefix: string | undefined, name: string | undefined): string | undefined =>
  prefix === undefined || name === undefined ? (prefix ?? name) : `${prefix}.${name}`;
