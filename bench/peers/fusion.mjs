/** A number that a Constant node or a constant of one element holds. */
function scalarsOf(graph) {
  const scalars = new Map();
  for (const { op, outputs, attributes } of graph.nodes) {
    if (op !== 'Constant') continue;
    const number = attributes.get('value_float') ?? attributes.get('value')?.read()[0];
    if (typeof number === 'number') scalars.set(outputs[0], number);
  }
  return scalars;
}

/** The activation that TensorFlow.js can apply within a convolution, by its name for it. */
function activationOf({ op, inputs }, scalars) {
  if (op === 'Relu') return 'relu';
  return op === 'Clip' && scalars.get(inputs[1]) === 0 && scalars.get(inputs[2]) === 6 ? 'relu6' : undefined;
}

/** Scales and shifts each filter as the batch-norm after it would. */
function foldBatchNorm(node, norm, constants) {
  const [scale, offset, mean, variance] = norm.inputs.slice(1).map((name) => constants.get(name).read());
  const epsilon = norm.attributes.get('epsilon') ?? 1e-5;
  const weights = Float32Array.from(node.weights);
  const size = weights.length / scale.length;
  const bias = new Float32Array(scale.length);
  for (let filter = 0; filter < scale.length; filter++) {
    const factor = scale[filter] / Math.sqrt(variance[filter] + epsilon);
    for (let i = 0; i < size; i++) weights[filter * size + i] *= factor;
    bias[filter] = ((node.bias?.[filter] ?? 0) - mean[filter]) * factor + offset[filter];
  }
  return { ...node, weights, bias };
}

/**
 * The nodes of a graph with batch-norms and activations taken into the convolution or dense layer before them, where nothing else reads what lies
 * between. Convolutions and dense layers carry their numbers as `weights`, `bias` and `activation`.
 */
export function fuse(graph) {
  const { constants } = graph;
  const scalars = scalarsOf(graph);
  const readers = new Map();
  for (const node of graph.nodes) for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node]);
  const results = new Set(graph.outputs.map(({ name }) => name));
  const taken = new Set();
  /** The node after this one, if only it reads the value. */
  const next = ({ outputs: [output] }) => {
    const [reader, ...others] = readers.get(output) ?? [];
    return others.length === 0 && !results.has(output) ? reader : undefined;
  };

  const nodes = [];
  for (const original of graph.nodes) {
    if (taken.has(original) || original.op === 'Constant') continue;
    if (original.op !== 'Conv' && original.op !== 'Gemm') {
      nodes.push(original);
      continue;
    }
    const [, weights, bias] = original.inputs;
    let node = { ...original, weights: constants.get(weights).read(), bias: bias ? constants.get(bias).read() : undefined };
    let after = next(node);
    if (node.op === 'Conv' && after?.op === 'BatchNormalization') {
      taken.add(after);
      node = { ...foldBatchNorm(node, after, constants), outputs: after.outputs };
      after = next(node);
    }
    const activation = after && activationOf(after, scalars);
    if (activation) {
      taken.add(after);
      node = { ...node, activation, outputs: after.outputs };
    }
    nodes.push(node);
  }
  return { nodes, scalars };
}
