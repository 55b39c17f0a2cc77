import type { Attribute, Constant, GraphNode } from '../graph/graph.ts';
import { arrayTypes } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { AttributeReader } from '../ops/attributes.ts';
import type { Operator } from '../ops/operator.ts';
import { invalid } from '../ops/shapes.ts';

export const DOMAIN = 'com.microsoft';

type Attributes = Readonly<Record<string, Attribute>>;

/** ONNX's operators, as defined by a given opset. */
export type Versioned = readonly [op: string, opset: number];

/** The ONNX nodes that replace another. */
export class Expansion {
  readonly source: GraphNode;
  readonly reader: AttributeReader;
  readonly nodes: GraphNode[] = [];
  readonly constants = new Map<string, Constant>();
  readonly #values: readonly (Value | undefined)[];

  constructor(source: GraphNode, values: readonly (Value | undefined)[]) {
    this.source = source;
    this.reader = new AttributeReader({ ...source, op: `${DOMAIN}.${source.op}` });
    this.#values = values;
  }

  /** The name of an input; '' if it is left out. */
  input(i: number): string {
    return this.source.inputs[i] ?? '';
  }

  /** @throws LanewiseError INVALID_MODEL if it is left out */
  value(i: number): Value {
    const value = this.#values[i];
    if (!value) throw invalid(this.source, `leaves out its input ${i}, which it needs`);
    return value;
  }

  /** All attributes except some. */
  attributesWithout(...names: string[]): Attributes {
    return Object.fromEntries([...this.source.attributes].filter(([name]) => !names.includes(name)));
  }

  /** A scalar of an input's type. */
  number(value: number, i: number): string {
    const { type } = this.value(i);
    const name = this.#fresh();
    this.constants.set(name, { name, type, dims: [], read: () => new arrayTypes[type as 'float32']([value]) });
    return name;
  }

  /** @returns the name of the (first) output, by default a new one */
  node(
    [op, opset]: Versioned,
    inputs: readonly string[],
    attributes: Attributes = {},
    outputs: readonly string[] = [this.#fresh()],
  ): string {
    this.nodes.push({
      op,
      domain: '',
      name: this.source.name,
      inputs,
      outputs,
      attributes: new Map(Object.entries(attributes)),
      opset,
    });
    return outputs[0] as string;
  }

  /** Gives the result the name of the node's output. */
  result(versioned: Versioned, inputs: readonly string[], attributes: Attributes = {}): void {
    this.node(versioned, inputs, attributes, [this.source.outputs[0] as string]);
  }

  #fresh(): string {
    return `${DOMAIN}:${this.source.outputs[0]}/${this.nodes.length + this.constants.size}`;
  }
}

/**
 * An onnxruntime operator that stands for others.
 * @param most the most outputs
 */
export function contrib(name: string, [least, most]: readonly [number, number], write: (to: Expansion) => void, outputs = 1): Operator {
  return {
    name: `${DOMAIN}.${name}`,
    since: 1,
    inputs: [least, most],
    outputs: [1, outputs],
    inferShape: () => [],
    expand(source, values) {
      const expansion = new Expansion(source, values);
      for (const [what, list, limit] of [
        ['inputs', source.inputs, most],
        ['outputs', source.outputs, outputs],
      ] as const) {
        const count = list.findLastIndex(Boolean) + 1;
        if (count > limit) throw expansion.reader.unsupported(`${count} ${what}; ${limit} are supported`);
      }
      for (let i = 0; i < least; i++) expansion.value(i);
      if (!source.outputs[0]) throw invalid(source, 'has no first output');
      write(expansion);
      return expansion;
    },
  };
}
