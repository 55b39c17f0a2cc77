import fc from 'fast-check';
import type { Attribute, Constant, Graph, GraphNode } from '../../src/graph/graph.ts';
import { arrayTypes, type DataType, type TypedArray } from '../../src/graph/tensor.ts';

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 });
const text = fc.string({ unit: 'binary', maxLength: 6 });
const float = fc.float();
const int = fc.oneof(fc.integer(), fc.maxSafeInteger());
const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const isSafe = (value: bigint) => Number.isSafeInteger(Number(value));

const type = fc.constantFrom(...(Object.keys(arrayTypes) as DataType[]));

/** A tensor of random bits. */
export const anyTensor = (tensorName: fc.Arbitrary<string>): fc.Arbitrary<Constant> =>
  fc
    .tuple(tensorName, type, fc.array(fc.nat({ max: 4 }), { maxLength: 4 }), fc.infiniteStream(fc.nat({ max: 255 })))
    .map(([name, type, dims, stream]) => {
      const data: TypedArray = new arrayTypes[type](dims.reduce((product, dim) => product * dim, 1));
      const bytes = new Uint8Array(data.buffer);
      for (let i = 0; i < bytes.length; i++) bytes[i] = (stream.next().value as number) & (type === 'bool' ? 1 : 255);
      return { name, type, dims, read: () => data };
    });

/** A value with the kind that must be stated for it; bigints only where a number is not exact, as the reader has it. */
const attribute: fc.Arbitrary<[Attribute, 'float' | 'floats' | 'strings' | undefined]> = fc.oneof(
  fc.tuple(float, fc.constant('float' as const)),
  fc.tuple(fc.array(float), fc.constant('floats' as const)),
  fc.tuple(fc.array(text)).map(([list]): [Attribute, 'strings' | undefined] => [list, list.length === 0 ? 'strings' : undefined]),
  fc
    .oneof(
      int,
      long.filter((value) => !isSafe(value)),
      text,
      fc.array(int),
      fc.array(long).filter((list) => !list.every(isSafe)),
      anyTensor(text),
    )
    .map((value): [Attribute, undefined] => [value, undefined]),
);

const node = fc.record({
  op: name,
  domain: text.filter((domain) => domain !== 'ai.onnx'),
  name,
  // Which values it reads, by number.
  reads: fc.array(fc.option(fc.nat(), { nil: undefined }), { maxLength: 3 }),
  outputs: fc.array(text, { maxLength: 3 }),
  attributes: fc.dictionary(name, attribute, { noNullPrototype: true }),
});

const dims = fc.array(fc.oneof(fc.maxSafeInteger().map(Math.abs), text), { maxLength: 4 });

/** Any graph that the reader could give: names in execution order, each produced once, in whatever letters. */
export const anyGraph: fc.Arbitrary<Graph> = fc
  .record({
    name,
    inputs: fc.array(fc.record({ name, type, dims }), { maxLength: 3 }),
    constants: fc.array(anyTensor(name), { maxLength: 3 }),
    nodes: fc.array(node, { maxLength: 4 }),
    outputs: fc.array(fc.record({ at: fc.nat(), type, dims }), { maxLength: 3 }),
    opsets: fc.array(
      fc.tuple(
        text.filter((domain) => domain !== 'ai.onnx'),
        fc.nat(),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    metadata: fc.array(fc.tuple(text, text), { maxLength: 3 }),
    producer: name,
  })
  .map((parts) => {
    const known: string[] = [];
    const isNew = (value: string) => !known.includes(value) && known.push(value) > 0;
    const constants = new Map(parts.constants.filter((value) => isNew(value.name)).map((value) => [value.name, value]));
    const inputs = parts.inputs.filter((value) => isNew(value.name));
    const pick = (at: number | undefined) => (at === undefined || known.length === 0 ? '' : (known[at % known.length] as string));
    const nodes = parts.nodes.map(({ reads, outputs, attributes, ...rest }): GraphNode => {
      const kinds = new Map(Object.entries(attributes).flatMap(([key, [, kind]]) => (kind ? [[key, kind] as const] : [])));
      return {
        ...rest,
        inputs: reads.map(pick),
        outputs: outputs.filter((output) => output === '' || isNew(output)),
        attributes: new Map(Object.entries(attributes).map(([key, [value]]) => [key, value])),
        ...(kinds.size > 0 ? { kinds } : {}),
      };
    });
    const outputs = parts.outputs.flatMap(({ at, ...rest }) => (known.length > 0 ? [{ name: pick(at), ...rest }] : []));
    const metadata = new Map([...parts.metadata, ['producer_name', parts.producer] as const]);
    return { name: parts.name, inputs, outputs, nodes, constants, opsets: new Map(parts.opsets), metadata };
  });
