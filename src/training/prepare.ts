import { checkOptions, invalidInput } from '../arguments.ts';
import { operatorFinder } from '../compiler/bind.ts';
import type { LayersModel } from '../layers/model.ts';
import { fitted, prepareOperators, readGraph } from '../load.ts';
import { startCompiling, withPack } from '../runtime/options.ts';
import type { Source } from '../source.ts';
import { addBinaries } from './binaries.ts';
import { addInstructions } from './instructions.ts';
import { type TrainerOptions, trainerChecks } from './options.ts';
import { prepareRules } from './rules/index.ts';
import { Trainer } from './trainer.ts';

/**
 * Prepares a network to learn: reads it, plans the steps, takes the memory.
 * @param net a network in layers, or an ONNX file from where `load` takes files
 * @param options loss and optimizer at least
 * @returns the trainer; `dispose` gives its memory back
 * @throws LanewiseError INVALID_INPUT for options, names and labels that do not fit; UNSUPPORTED if an operator has no gradient;
 *   TOO_LARGE; the errors of `load`
 * @example
 * import { resnet20 } from 'lanewise/zoo';
 * import { cosine, crossEntropy, inBatches, sgd, trainer } from 'lanewise/train';
 *
 * const t = await trainer(resnet20(), { loss: crossEntropy(), optimizer: sgd({ momentum: 0.9, weightDecay: 5e-4 }), batch: 128 });
 */
export async function trainer(net: LayersModel | Source, options: TrainerOptions): Promise<Trainer> {
  checkOptions('trainer', options, trainerChecks);
  for (const name of ['loss', 'optimizer'] as const)
    if (options[name] === undefined) throw invalidInput(`trainer needs the option ${name}`);
  addBinaries();
  addInstructions();
  const layers = isLayers(net) ? net : undefined;
  const operators = [...new Set([...(layers?.operators ?? []), ...(options.operators ?? [])])];
  const read = layers ? layers.graph() : await readGraph(net as Source, options);
  await prepareOperators(read, operators);
  const { graph, warnings } = await fitted(read, { operators });
  const pack = await prepareRules(graph, operatorFinder(operators), options.loss);
  const binary = await withPack(startCompiling(options, pack), pack, options);
  const asides = layers ? undefined : await import('./warnings.ts');
  const made = new Trainer({
    graph,
    options: { ...options, operators },
    binary,
    warnings: (learned) => [...warnings, ...(asides ? [...asides.trainingWarnings(graph), ...asides.tiedWarnings(graph, learned)] : [])],
    recompute: options.checkpoint ? (await import('./recompute.ts')).recompute : undefined,
    ...(layers && { weights: new Set([...layers.parameters(), ...layers.buffers()].map(({ name }) => name)) }),
  });
  if (options.resume !== undefined) await made.restore(options.resume);
  return made;
}

const isLayers = (net: unknown): net is LayersModel =>
  typeof (net as LayersModel | null)?.graph === 'function' && typeof (net as LayersModel).buffers === 'function';
