// Custom operators: one definition is a layer, and runs the nodes of that domain and name in model files.

import { checkOptions, checkSpelling, isOptions, type OptionNames, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import type { Attribute } from '../graph/graph.ts';
import { type DataType, elementCount, isDataType, Tensor, type TypedArray } from '../graph/tensor.ts';
import type { ValueType } from '../graph/value.ts';
import { isConstant } from './attributes.ts';
import { rowMajor } from './layouts.ts';
import type { Operator } from './operator.ts';
import { input, invalid } from './shapes.ts';

/** What `run` and `inferShape` get for each kind of attribute, by ONNX's names of the kinds. */
export interface AttributeTypes {
  /** A whole number. */
  int: number;
  /** As in a file: rounded to float32. */
  float: number;
  /** A text. */
  string: string;
  /** Whole numbers. */
  ints: readonly number[];
  /** As in a file: rounded to float32. */
  floats: readonly number[];
  /** Texts. */
  strings: readonly string[];
  /** A tensor. */
  tensor: Tensor;
}

/** The kinds of attributes, by ONNX's names. */
export type AttributeKind = keyof AttributeTypes;

/** Attributes by name; those without a default are required. */
export type AttributeSpecs = Readonly<
  Record<string, { [K in AttributeKind]: { readonly type: K; readonly default?: AttributeTypes[K] } }[AttributeKind]>
>;

/** The attributes' values. */
export type AttributesOf<S extends AttributeSpecs> = { readonly [N in keyof S]: AttributeTypes[S[N]['type']] };

type RequiredOf<S extends AttributeSpecs> = { [N in keyof S]: S[N] extends { readonly default: unknown } ? never : N }[keyof S];

/** The arguments of a layer: attributes, optional if they have a default, and a name. */
export type LayerAttributes<S extends AttributeSpecs> = Partial<AttributesOf<S>> &
  Pick<AttributesOf<S>, RequiredOf<S>> & { readonly name?: string };

/**
 * A tensor in the model's memory, row-major (NCHW). `data` is a view: valid until `run` returns, never to be kept. bool is a
 * Uint8Array.
 */
export type OperatorTensor = {
  [T in DataType]: { readonly type: T; readonly dims: readonly number[]; readonly data: TypedArray<T> };
}[DataType];

/** How many inputs or outputs: a number, or at least and at most. */
export type Count = number | readonly [number, number];

/** A value for each input or output; undefined for an optional one that is left out. */
type Slots<C extends Count, T> = C extends 1
  ? readonly [T]
  : C extends 2
    ? readonly [T, T]
    : C extends 3
      ? readonly [T, T, T]
      : readonly (T | undefined)[];

type OutputShape = { readonly type?: DataType; readonly dims: readonly number[] };

/** What `defineOp` takes. */
export interface OperatorDefinition<S extends AttributeSpecs, I extends Count, O extends Count> {
  /** ONNX's op_type. */
  readonly name: string;
  /** ONNX's domain. '' is ONNX's own: the definition then replaces the operator of that name. */
  readonly domain: string;
  /** Each attribute's kind, and its default. */
  readonly attributes?: S;
  /** How many inputs, the optional ones last. Default 1. */
  readonly inputs?: I;
  /** How many outputs. Default 1. */
  readonly outputs?: O;
  /**
   * Gives the outputs' types and dimensions from the inputs'; the default type is the first input's. Default: one output,
   * like the first input. Called once for each shape of the model's inputs, when the plan is made.
   */
  inferShape?(inputs: Slots<I, ValueType>, attributes: AttributesOf<S>): OutputShape | readonly OutputShape[];
  /**
   * Fills the outputs, whose content is unspecified at first. Inputs must not be written, because other nodes may read them
   * and weights are permanent. Synchronous. Not called if no output has elements.
   */
  run(tensors: {
    readonly inputs: Slots<I, OperatorTensor>;
    readonly outputs: Slots<O, OperatorTensor>;
    readonly attributes: AttributesOf<S>;
  }): void;
}

/** How a layer is applied to a symbolic tensor. */
export const APPLY: unique symbol = /* @__PURE__ */ Symbol.for('lanewise.apply') as never;

/** A symbolic tensor, as seen from this folder. */
export interface Applicable {
  [APPLY](
    operator: CustomOperator,
    inputs: readonly Applicable[],
    attributes: Readonly<Record<string, Attribute>>,
    name: string | undefined,
  ): Applicable | Applicable[];
}

/** What a model takes as one of its `operators`. */
export interface CustomOperator {
  /** ONNX's op_type. */
  readonly name: string;
  /** ONNX's domain. */
  readonly domain: string;
  /** The kind of each attribute, by its name. */
  readonly attributeKinds: Readonly<Record<string, AttributeKind>>;
  /** @internal */
  readonly operator: Operator;
}

type Made<O extends Count, T> = O extends 1 ? T : T[];

type Arguments<S extends AttributeSpecs> = [RequiredOf<S>] extends [never]
  ? [attributes?: LayerAttributes<S> | string]
  : [attributes: LayerAttributes<S>];

/**
 * A custom operator as a layer: `swirl(x, { strength: 2 })` of one symbolic tensor, or a list of them; without one, `swirl({
 * strength: 2 })`, a layer that is applied later. A string in place of the attributes is the layer's name. With several
 * outputs it gives a list.
 * @throws LanewiseError INVALID_INPUT for inputs and attributes that it does not have; INVALID_MODEL for attributes of other
 *   kinds
 */
export interface CustomLayer<S extends AttributeSpecs = AttributeSpecs, O extends Count = Count> extends CustomOperator {
  <T extends Applicable>(x: T | readonly T[], ...attributes: Arguments<S>): Made<O, T>;
  (...attributes: Arguments<S>): ConfiguredLayer<O>;
}

/** A layer with its attributes. */
export interface ConfiguredLayer<O extends Count = Count> {
  /** @param name becomes a prefix of the layer's own name, or its name */
  <T extends Applicable>(x: T | readonly T[], name?: string): Made<O, T>;
  /** The name that the layer was given. */
  readonly label?: string | undefined;
}

type Range = readonly [least: number, most: number];

/** The operator of a definition, which runs on the host. */
function operatorOf<S extends AttributeSpecs, I extends Count, O extends Count>(
  definition: OperatorDefinition<S, I, O>,
  title: string,
  inputRange: Range,
  outputRange: Range,
  specs: ReturnType<typeof specsOf>,
): Operator<AttributesOf<S>> {
  const { name, inferShape, run } = definition;
  return {
    name,
    since: 0,
    inputs: inputRange,
    // The last ones may be omitted if nobody reads them; they are computed all the same.
    outputs: [1, outputRange[1]],
    types: ['any'],
    attributes(reader) {
      const values = [...specs].map(([key, { kind, fallback }]) => {
        const given = reader.any(key);
        const value = given === undefined ? fallback : kinds[kind].read(given);
        if (value === undefined) throw reader.invalid(key, given === undefined ? 'is missing' : `is not ${kinds[kind].title}`);
        return [key, value];
      });
      return Object.fromEntries(values);
    },
    inferShape(node) {
      // Throws if a required one is left out.
      for (let i = 0; i < inputRange[0]; i++) input(node, i);
      const shapes = guarded(title, node, () => {
        const types = node.inputs.map((value) => value && { type: value.type, dims: [...value.dims] });
        const made = inferShape ? inferShape.call(definition, types as never, node.attributes) : { dims: input(node, 0).dims };
        return checkedShapes(made, outputRange, input(node, 0).type);
      });
      if (node.outputCount > shapes.length) throw invalid(node, `has ${node.outputCount} outputs, ${title} gives it ${shapes.length}`);
      return shapes;
    },
    layout: rowMajor,
    lower(node, lowering) {
      lowering.host(node, title, (inputViews, outputViews) =>
        guarded(title, node, () => {
          const result: unknown = run.call(definition, {
            inputs: tensors(node.inputs, inputViews) as never,
            outputs: tensors(node.outputs, outputViews) as never,
            attributes: node.attributes,
          });
          if (typeof (result as PromiseLike<void> | undefined)?.then !== 'function') return;
          // A later rejection would be unhandled.
          (result as PromiseLike<void>).then(undefined, () => {});
          throw new Error('run gave a promise; it has to be done when it returns');
        }),
      );
    },
  };
}

/** What calls a layer: with symbolic tensors, or with options first, for what applies it later. @param layerOf gives the layer itself */
function callOf(title: string, [least, most]: Range, [, mostOutputs]: Range, layerOf: () => CustomOperator) {
  /** @throws LanewiseError INVALID_INPUT */
  const apply = (x: unknown, given: unknown, prefix?: string): unknown => {
    const misuse = (problem: string) => new LanewiseError('INVALID_INPUT', `${title}: ${problem}`);
    const list: readonly unknown[] = Array.isArray(x) ? Array.from(x) : [x];
    if (!list.every(isApplicable)) throw misuse('its inputs are symbolic tensors, what input() and layers give');
    if (list.length < least || list.length > most) {
      throw misuse(`it takes ${least === most ? least : `${least} to ${most}`} ${most === 1 ? 'input' : 'inputs'}, got ${list.length}`);
    }
    const layer = layerOf();
    checkOptions(title, given as object, { ...layer.attributeKinds, name: 1 });
    const { name: own, ...rest } = given as { name?: string };
    const values = Object.entries(rest).filter(([, value]) => value !== undefined);
    const stored = Object.fromEntries(values.map(([key, value]) => [key, storedAttribute(value)]));
    const made = (list[0] as Applicable)[APPLY](layer, list, stored, prefix && own ? `${prefix}.${own}` : (prefix ?? own));
    const results = Array.isArray(made) ? made : [made];
    return mostOutputs === 1 ? results[0] : results;
  };
  return (first?: unknown, second?: unknown): unknown => {
    if (typeof second === 'string') return apply(first, {}, second);
    if (second !== undefined || (first !== undefined && (!isOptions(first) || isApplicable(first)))) return apply(first, second ?? {});
    const given = (first ?? {}) as { name?: string };
    let applied = false;
    const later = (x: unknown, prefix?: string) => {
      // Its own name belongs to its first application, so a second one needs another.
      const made = apply(x, applied && prefix === undefined ? { ...given, name: undefined } : given, prefix);
      applied = true;
      return made;
    };
    return Object.assign(later, { label: given.name });
  };
}

/**
 * Defines an operator: a layer, which also runs a file's nodes of its domain and name if it is given to `load(file, {
 * operators: [it] })`. It runs on the host, between two stretches of the program, on views of the model's memory. What `run`
 * and `inferShape` throw becomes a LanewiseError OPERATOR_FAILED that names the operator and the node and has the error as
 * its `cause`; the model stays usable.
 * @param definition the name, the attributes, what it gives and how
 * @throws LanewiseError INVALID_INPUT for an invalid definition
 * @example
 * import { defineOp } from 'lanewise';
 * import { input } from 'lanewise/layers';
 *
 * const swirl = defineOp({
 *   name: 'Swirl',
 *   domain: 'my.ops',
 *   attributes: { strength: { type: 'float', default: 1 } },
 *   run({ inputs: [x], outputs: [y], attributes: { strength } }) {
 *     for (let i = 0; i < x.data.length; i++) y.data[i] = Number(x.data[i]) * strength;
 *   },
 * });
 * swirl(input([3, 8, 8]), { strength: 2 }).dims; // ['N', 3, 8, 8]
 */
export function defineOp<const S extends AttributeSpecs = Record<never, never>, const I extends Count = 1, const O extends Count = 1>(
  definition: OperatorDefinition<S, I, O>,
): CustomLayer<S, O> {
  const { name, inputs, outputs, attributes, inferShape, run } = definition ?? {};
  const wrong = (problem: string) => new LanewiseError('INVALID_INPUT', `defineOp of ${shown(name)}: ${problem}`);
  if (typeof name !== 'string' || name === '' || typeof definition.domain !== 'string') throw wrong('a name and a domain are texts');
  if (typeof run !== 'function') throw wrong('run is a function');
  // The definition may have state, so its functions are called as its methods.
  checkSpelling('defineOp', definition, parts);
  const inputRange = rangeOf(inputs);
  const outputRange = rangeOf(outputs);
  if (!inputRange || !outputRange) throw wrong('inputs and outputs are whole numbers from 1 on, or [least, most]');
  if (inferShape === undefined ? outputRange[0] > 1 : typeof inferShape !== 'function') throw wrong('inferShape is a function');
  const specs = specsOf(attributes, wrong);
  const domain = definition.domain === 'ai.onnx' ? '' : definition.domain;
  const title = qualified(domain, name);
  const operator = operatorOf(definition, title, inputRange, outputRange, specs);
  const attributeKinds = Object.fromEntries([...specs].map(([key, { kind }]) => [key, kind]));
  const call = callOf(title, inputRange, outputRange, () => layer);
  Object.defineProperty(call, 'name', { value: name });
  const layer = Object.assign(call, { domain, attributeKinds, operator }) as unknown as CustomLayer<S, O>;
  return layer;
}

const parts = { name: 1, domain: 1, attributes: 1, inputs: 1, outputs: 1, inferShape: 1, run: 1 } satisfies OptionNames<
  OperatorDefinition<never, never, never>
>;

/** `my.ops.Swirl`; ONNX's own domain is omitted. */
export const qualified = (domain: string, name: string): string => (domain === '' ? name : `${domain}.${name}`);

function rangeOf(count: Count = 1): readonly [number, number] | undefined {
  const [least, most] = typeof count === 'number' ? [count, count] : Array.isArray(count) ? (count as [number, number]) : [0, 0];
  return Number.isSafeInteger(least) && Number.isSafeInteger(most) && 1 <= least && least <= most ? [least, most] : undefined;
}

interface Spec {
  readonly kind: AttributeKind;
  /** The default value. */
  readonly fallback: AttributeTypes[AttributeKind] | undefined;
}

function specsOf(attributes: AttributeSpecs = {}, wrong: (problem: string) => LanewiseError): ReadonlyMap<string, Spec> {
  if (!isOptions(attributes)) throw wrong('attributes are an object of { type, default? } by name');
  const entries = Object.entries(attributes).map(([key, spec]): [string, Spec] => {
    if (key === 'name') throw wrong("an attribute cannot be called 'name', which is the layer's");
    const kind = spec?.type;
    if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind))
      throw wrong(`attribute '${key}' needs a type: ${Object.keys(kinds).join(', ')}`);
    checkOptions(`attribute '${key}'`, spec, { type: 1, default: 1 });
    const fallback = spec.default === undefined ? undefined : kinds[kind].read(storedAttribute(spec.default));
    if (spec.default !== undefined && fallback === undefined) throw wrong(`the default of '${key}' is not ${kinds[kind].title}`);
    return [key, { kind, fallback }];
  });
  return new Map(entries);
}

type Reading<T> = (value: Attribute | null) => T | undefined;

const readInt: Reading<number> = (value) => (Number.isSafeInteger(value) ? (value as number) : undefined);
const readFloat: Reading<number> = (value) => {
  const rounded = typeof value === 'number' ? Math.fround(value) : Number.NaN;
  return Number.isFinite(rounded) ? rounded : undefined;
};
const readString: Reading<string> = (value) => (typeof value === 'string' ? value : undefined);
const readList =
  <T>(read: Reading<T>): Reading<readonly T[]> =>
  (value) => {
    const list = Array.isArray(value) ? Array.from(value, read) : [undefined];
    return list.includes(undefined) ? undefined : (list as T[]);
  };
const readTensor: Reading<Tensor> = (value) =>
  value !== null && isConstant(value) ? new Tensor(value.type, value.read(), value.dims) : undefined;

/** Converts each kind from a file's or a layer's value; undefined if it is of another kind. */
const kinds: { readonly [K in AttributeKind]: { readonly title: string; readonly read: Reading<AttributeTypes[K]> } } = {
  int: { title: 'a whole number', read: readInt },
  float: { title: 'a finite number', read: readFloat },
  string: { title: 'a string', read: readString },
  ints: { title: 'a list of whole numbers', read: readList(readInt) },
  floats: { title: 'a list of finite numbers', read: readList(readFloat) },
  strings: { title: 'a list of strings', read: readList(readString) },
  tensor: { title: 'a tensor', read: readTensor },
};

/** A user's value as a graph's attribute. */
function storedAttribute(value: unknown): Attribute {
  if (Array.isArray(value)) return [...value];
  if (typeof value !== 'object' || value === null || !('data' in value)) return value as Attribute;
  const { type, data, dims } = value as Tensor;
  const checked = new Tensor(type, data, dims);
  if (type === 'float16') throw new LanewiseError('INVALID_INPUT', 'a tensor of float16 is no attribute: give toFloat32 of it');
  return { name: '', type, dims: checked.dims, read: () => checked.data as TypedArray };
}

const isApplicable = (x: unknown): x is Applicable => typeof (x as Applicable | null | undefined)?.[APPLY] === 'function';

/** @throws Error if they are no shapes */
function checkedShapes(made: unknown, [least, most]: readonly [number, number], type: DataType): ValueType[] {
  const list = (Array.isArray(made) ? made : [made]) as readonly (OutputShape | null | undefined)[];
  if (list.length < least || list.length > most) {
    throw new Error(`inferShape gave ${list.length} outputs instead of ${least === most ? least : `${least} to ${most}`}`);
  }
  return Array.from(list, (shape, i) => {
    const own = shape?.type ?? type;
    if (!isDataType(own)) throw new Error(`inferShape gave output ${i} the unknown type ${shown(own)}`);
    const dims = shape?.dims as readonly number[];
    elementCount(dims, `what inferShape gave for output ${i}`);
    return { type: own, dims: [...dims] };
  });
}

const tensors = (values: readonly (ValueType | undefined)[], views: readonly (TypedArray | undefined)[]) =>
  values.map((value, i) => value && { type: value.type, dims: [...value.dims], data: views[i] });

/** @throws LanewiseError OPERATOR_FAILED for any error of `action` */
function guarded<T>(title: string, node: { readonly name: string }, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const message: unknown = (cause as Error | null | undefined)?.message;
    const said = typeof message === 'string' ? message : `it threw ${typeof cause === 'string' ? cause : typeof cause}`;
    throw new LanewiseError('OPERATOR_FAILED', `${title} '${node.name}': ${said}`, { cause });
  }
}
