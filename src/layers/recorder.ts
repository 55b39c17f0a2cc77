// Records a layer's steps. The operators themselves check their shapes.

import { LanewiseError } from '../errors.ts';
import type { Attribute, Constant, GraphNode } from '../graph/graph.ts';
import { type DataType, elementCount, formatDims } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { AttributeReader } from '../ops/attributes.ts';
import type { CustomOperator } from '../ops/custom.ts';
import { operators } from '../ops/index.ts';
import type { Operator } from '../ops/operator.ts';
import { constantValue } from '../ops/shapes.ts';
import type { NamedLayer } from './names.ts';
import { Parameter, type ParameterSpec } from './parameter.ts';

/** The opset of graphs whose layers need no newer one. */
export const OPSET = 13;

/** One node of the graph that a layer stands for. */
export interface LayerStep {
  /** ONNX's op_type. */
  readonly op: string;
  readonly domain: string;
  /** The oldest opset that has the operator. */
  readonly opset: number;
  /** Undefined for optional inputs that are left out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly floats: Readonly<Record<string, number | readonly number[]>>;
}

export interface StepOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Attributes that ONNX declares as floats. */
  readonly floats?: Readonly<Record<string, number | readonly number[]>>;
  readonly domain?: string;
}

/** A layer's content while it is recorded. */
export interface Recorded extends NamedLayer {
  readonly steps: LayerStep[];
  readonly parameters: Parameter[];
  /** The custom operators of the layer. */
  readonly customOperators: CustomOperator[];
}

/** Records what a layer is made of. */
export class Recorder {
  readonly #layer: Recorded;
  readonly #shared: readonly Parameter[] | undefined;

  constructor(layer: Recorded, shared: readonly Parameter[] | undefined) {
    this.#layer = layer;
    this.#shared = shared;
  }

  /** A node of ONNX's own operators, with one output. @param op its op_type */
  node(op: string, inputs: readonly (Value | undefined)[], options: StepOptions = {}): Value {
    const operator = operators.get(op);
    if (!operator) throw new Error(`there is no operator ${op}`);
    return this.#nodes(operator, inputs, options)[0] as Value;
  }

  #nodes(operator: Operator, inputs: readonly (Value | undefined)[], { attributes = {}, floats = {}, domain = '' }: StepOptions): Value[] {
    const { name } = this.#layer;
    const all = { ...attributes, ...floats };
    const source: GraphNode = { op: operator.name, domain, name, inputs: [], outputs: [], attributes: new Map(Object.entries(all)) };
    const reader = new AttributeReader(source);
    const read: object = operator.attributes?.(reader, Math.max(OPSET, operator.since)) ?? {};
    reader.finish();
    // Files may have a pool with an empty output; in a network written in code it is a mistake.
    const strict = 'mayBeEmpty' in read ? { ...read, mayBeEmpty: false } : read;
    const types = operator.inferShape({ name, attributes: strict, inputs, outputCount: 1, declaredOutputs: 1 });
    const outputs = types.map(({ type, dims }, i): Value => {
      elementCount(dims, 'its output');
      return { name: `${name}:${i}`, type, dims };
    });
    this.#layer.steps.push({ op: operator.name, opset: operator.since, domain, inputs: [...inputs], outputs, attributes, floats });
    return outputs;
  }

  custom(op: CustomOperator, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>>): Value[] {
    this.#layer.customOperators.push(op);
    const isFloat = ([key]: readonly [string, unknown]) => op.attributeKinds[key] === 'float' || op.attributeKinds[key] === 'floats';
    const entries = Object.entries(attributes);
    return this.#nodes(op.operator, inputs, {
      domain: op.domain,
      attributes: Object.fromEntries(entries.filter((entry) => !isFloat(entry))),
      floats: Object.fromEntries(entries.filter(isFloat)) as Record<string, number | readonly number[]>,
    });
  }

  input(dims: readonly number[]): Value[] {
    elementCount(dims, 'an input');
    return [{ name: this.#layer.name, type: 'float32', dims }];
  }

  /** A parameter; if the layer is applied again, that of its first application. */
  parameter(spec: ParameterSpec): Value {
    const { parameters } = this.#layer;
    const known = this.#shared?.[parameters.length];
    if (known && known.dims.join() !== spec.dims.join()) {
      const shapes = `${formatDims(known.dims)}, which here would be ${formatDims(spec.dims)}`;
      throw new LanewiseError('INVALID_INPUT', `it was applied before, and has its ${spec.key} of ${shapes}`);
    }
    elementCount(spec.dims, `its ${spec.key}`);
    const parameter = known ?? new Parameter(this.#layer, spec);
    parameters.push(parameter);
    return parameter.value;
  }

  /** Numbers that belong to the structure: a Constant node, not a parameter. */
  ints(values: readonly number[]): Value {
    return this.#constant('int64', values.length, { value_ints: [...values] }, {}, () => BigInt64Array.from(values, BigInt));
  }

  floats(values: readonly number[]): Value {
    return this.#constant('float32', values.length, {}, { value_floats: [...values] }, () => Float32Array.from(values));
  }

  float(value: number): Value {
    return this.#constant('float32', undefined, {}, { value_float: value }, () => Float32Array.of(value));
  }

  #constant(
    type: DataType,
    length: number | undefined,
    attributes: LayerStep['attributes'],
    floats: LayerStep['floats'],
    read: Constant['read'],
  ): Value {
    const value = constantValue({ name: this.#layer.name, type, dims: length === undefined ? [] : [length], read });
    this.#layer.steps.push({ op: 'Constant', opset: OPSET, domain: '', inputs: [], outputs: [value], attributes, floats });
    return value;
  }
}
