import { checkAborted } from '../abort.ts';
import { checkOptions, invalidInput, shown } from '../arguments.ts';
import { operatorFinder, opsetOf } from '../compiler/bind.ts';
import { shapingInputs } from '../compiler/shaping.ts';
import { writeOnnx } from '../formats/onnx/writer.ts';
import { allNodes, type Graph, isGraph } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { LayersModel } from '../layers/model.ts';
import { fitted, initialDims, type LoadOptions, planSource, prepareOperators, readGraph } from '../load.ts';
import type { Source } from '../source.ts';
import { choose } from './choose.ts';
import { corrected } from './correct.ts';
import { Batches, type CalibrationData } from './data.ts';
import { type Folded, folded } from './fold.ts';
import type { Scale } from './numbers.ts';
import { histograms, runOptions } from './observe.ts';
import { type QuantizeOptions, quantizeChecks } from './options.ts';
import { rangeOf } from './ranges.ts';
import { compared, type LayerReport, type QuantizeReport, resultOf, snrOf } from './report.ts';
import { upgraded } from './upgrade.ts';
import { checkFinite } from './weights.ts';
import { weightsOnly } from './weightsOnly.ts';
import { quantizedGraph, quantizedLayer, scalesOf, usedWeights } from './write.ts';

/** A quantised network. */
export interface Quantized {
  /** An ONNX file. */
  readonly onnx: Uint8Array;
  /** How near the quantised network is to the original. */
  readonly report: QuantizeReport;
}

/** DequantizeLinear has an axis from opset 13 on, and blocks of 4 bits from 21 on. */
const OPSET = 13;
const OPSET4 = 21;

/**
 * Quantises a network after training: int8 weights with a scale for each output channel, uint8 activations whose ranges are seen as the
 * network runs on some inputs. Inputs and outputs stay as they are. The file holds QuantizeLinear and DequantizeLinear around what computes in
 * integers; Lanewise and onnxruntime run it, and every engine writes the same bytes.
 * @param source an ONNX file in float32, from where `load` takes files, or a network in layers
 * @param data batches of inputs as they will come, some hundred examples: each a tensor [N, C, H, W], or several by name; not needed where the
 *   option `weights` asks for the weights alone
 * @param options how ranges are chosen, what stays in float32, who is told
 * @returns the file, and the error of each layer
 * @throws LanewiseError INVALID_INPUT for options, names of nodes and batches that make no sense, and for models that are quantised already or
 *   have nothing to quantise; NOT_FINITE if a value is infinite or NaN; UNSUPPORTED if an older opset cannot be brought to 13 (21 for int4);
 *   ABORTED; the errors of `load` and `run`
 * @example
 * import { readFile, writeFile } from 'node:fs/promises';
 * import { quantize } from 'lanewise/quantize';
 * import { cifar10, toTensor } from 'lanewise/vision';
 * import { decodePicture } from 'lanewise/vision/node';
 *
 * const pictures = ['cat.jpg']; // and some hundred more
 * const batches = await Promise.all(pictures.map(async (path) => toTensor(await decodePicture(await readFile(path)), cifar10)));
 * const { onnx, report } = await quantize('model.onnx', batches);
 * await writeFile('model-int8.onnx', onnx);
 * report.layers; // [{ name, op, bits: 8, weightSnr: 44.1, snr: 31.7 }, ...]
 */
export async function quantize(
  source: Source | LayersModel,
  data: CalibrationData | undefined,
  options: QuantizeOptions = {},
): Promise<Quantized> {
  checkOptions('quantize', options, quantizeChecks);
  checkTogether(options);
  const { weights, externalData, signal } = options;
  if (!weights && (data === undefined || data === null)) {
    throw invalidInput("quantize needs batches of inputs to calibrate with; the option weights: 'int8' needs none");
  }
  const layers = typeof (source as LayersModel | null)?.graph === 'function' ? (source as LayersModel) : undefined;
  const operators = [...new Set([...(layers?.operators ?? []), ...(options.operators ?? [])])];
  const read = layers
    ? layers.graph()
    : await readGraph(source as Source, { operators, ...(externalData && { externalData }), ...(signal && { signal }) });
  if (!isGraph(read)) throw invalidInput(`quantize takes an ONNX file or a network in layers, got ${shown(source)}`);
  return quantizeGraph(read, data, { ...options, operators });
}

/**
 * As `quantize`, for a graph that was read or built.
 * @internal
 */
export async function quantizeGraph(given: Graph, data: CalibrationData | undefined, options: QuantizeOptions): Promise<Quantized> {
  const { weights, float = [], operators, signal } = options;
  checkAborted(signal);
  checkFloat(given, float);
  await prepareOperators(given, operators);
  const { graph } = await fitted(given, operators ? { operators } : {});
  if (weights) return quantizeWeights(graph, options);
  return quantizeStatically(graph, data as CalibrationData, options);
}

/** @throws LanewiseError INVALID_INPUT for options that would do nothing beside the others */
function checkTogether(options: QuantizeOptions): void {
  const { weights, calibration = 'mse' } = options;
  const unused = (name: keyof QuantizeOptions, why: string) => {
    if (options[name] !== undefined) throw invalidInput(`option ${name} does nothing ${why}`);
  };
  if (weights)
    for (const name of ['calibration', 'percentile', 'bits', 'biasCorrection'] as const) unused(name, `with weights: '${weights}'`);
  if (weights !== 'int4') unused('blockSize', "without weights: 'int4'");
  if (calibration !== 'percentile') unused('percentile', "without calibration: 'percentile'");
}

/** @throws LanewiseError INVALID_INPUT for models that are quantised already, and for names of nodes that there are not */
function checkFloat(graph: Graph, float: readonly string[]): void {
  const names = new Set<string>();
  for (const { op, name } of allNodes(graph)) {
    if (/Quantize|QLinear|QGemm|Integer/.test(op)) throw invalidInput(`the model is quantised already: node '${name}' is ${op}`);
    names.add(name);
  }
  const unknown = float.find((name) => name !== 'first' && name !== 'last' && !names.has(name));
  if (unknown !== undefined) {
    const layers = graph.nodes.filter(({ op }) => /^(Conv|Gemm|MatMul)$/.test(op)).map(({ name }) => `'${name}'`);
    throw invalidInput(
      `option float: the model has no node '${unknown}'; its layers are ${layers.slice(0, 8).join(', ')}${layers.length > 8 ? `, ... (${layers.length} in all)` : ''}`,
    );
  }
}

const nothing = (kept: boolean) =>
  invalidInput(
    kept
      ? 'the option float keeps every layer of the model in float32, which leaves nothing to quantise'
      : 'the model has nothing to quantise: no Conv, Gemm or MatMul of constant float32 weights',
  );

/** Shapes by name. */
type Shapes = ReadonlyMap<string, readonly number[]>;

/** The network, folded for these shapes, at the opset that the file will have. */
function prepared(graph: Graph, dims: Shapes, values: ReadonlyMap<string, Tensor>, opset: number, options: QuantizeOptions): Folded {
  const { memoryLimit, operators } = options;
  const made = folded(graph, { dims, values, memoryLimit, operators });
  const newer = upgraded(made.graph, opset, (name) => made.types.get(name)?.dims.length, made.known);
  return { ...made, graph: newer, known: new Map([...made.known, ...newer.constants]) };
}

/** Weights alone. */
function quantizeWeights(graph: Graph, options: QuantizeOptions): Quantized {
  const { weights, blockSize = 32, float = [], inputShapes } = options;
  const bits = weights === 'int4' ? 4 : 8;
  const opset = Math.max(opsetOf(graph), bits === 4 ? OPSET4 : OPSET);
  const dims = initialDims(graph, inputShapes ? { inputShapes } : {});
  const shaped = shapingInputs(graph, operatorFinder(options.operators)).names.size > 0;
  const { graph: float32, known } =
    dims && !shaped
      ? prepared(graph, dims, new Map(), opset, options)
      : { graph: upgraded(graph, opset, () => undefined), known: graph.constants };
  const { graph: made, layers } = weightsOnly(float32, known, opset, bits, blockSize, float);
  if (!layers.some(({ bits }) => bits < 32)) throw nothing(float.length > 0 && layers.length > 0);
  return { onnx: writeOnnx(made), report: { layers, outputs: [], examples: 0 } };
}

/** Weights and activations. */
async function quantizeStatically(graph: Graph, data: CalibrationData, options: QuantizeOptions): Promise<Quantized> {
  const { calibration = 'mse', percentile = 99.99, bits = 8, float = [], biasCorrection = true, operators, inputShapes } = options;
  const shaped: LoadOptions = { ...runOptions(options), ...(inputShapes && { inputShapes }) };
  // Checks the shapes.
  initialDims(graph, shaped);
  const batches = new Batches(data, planSource(graph, shaped));
  const first = await batches.first();
  const shaping = shapingInputs(graph, operatorFinder(operators)).names;
  const dims = new Map([...first].map(([name, tensor]) => [name, tensor.dims]));
  const opset = Math.max(opsetOf(graph), OPSET);
  const float32 = prepared(graph, dims, new Map([...first].filter(([name]) => shaping.has(name))), opset, options);
  const choice = choose(float32, float);
  if (choice.layers.size === 0) throw nothing(choice.kept.length > 0);
  for (const { node, weights, bias } of choice.layers.values()) checkFinite(node, weights, bias);
  const seen = await histograms(float32.graph, [...new Set(choice.scales.values())], float32.types, batches, options);
  const scales = scalesOf(new Map([...seen].map(([name, histogram]) => [name, rangeOf(histogram, calibration, percentile)])));
  const scaleOf = (name: string) => scales.get(choice.scales.get(name) as string) as Scale;
  let layers = [...choice.layers.values()].map((layer) =>
    quantizedLayer(layer, scaleOf(layer.node.inputs[0] as string), bits === 8 ? 127 : 63),
  );
  if (biasCorrection) layers = await corrected(float32, choice, layers, scales, opset, batches, options);
  const byNode = new Map(layers.map((layer) => [layer.node, layer]));
  const { graph: made, bytes } = quantizedGraph(float32, choice, byNode, scales, opset);
  const onnx = writeOnnx(made);

  const { nodes, outputs } = float32.graph;
  const results = new Map([...byNode.keys(), ...choice.kept].map((node) => [node, resultOf(node, nodes)]));
  const names = outputs.map(({ name }) => name).filter((name) => float32.types.get(name)?.type === 'float32');
  const pairs = new Map(names.map((name) => [name, name]));
  for (const name of results.values()) if (!pairs.has(name)) pairs.set(name, bytes.get(name) ?? name);
  const snr = await compared(float32.graph, made, pairs, float32.types, batches, options);
  const reports = nodes
    .filter((node) => results.has(node))
    .map((node): LayerReport => {
      const layer = byNode.get(node);
      return {
        name: node.name,
        op: node.op,
        bits: layer ? bits : 32,
        ...(layer && { weightSnr: snrOf(layer.floats, usedWeights(layer)) }),
        snr: snr.get(results.get(node) as string) as number,
      };
    });
  const { examples } = batches;
  return { onnx, report: { layers: reports, outputs: names.map((name) => ({ name, snr: snr.get(name) as number })), examples } };
}
