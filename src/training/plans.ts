// The programs of a network that learns: forward, loss, backward and update as one network of nodes.

import { nodesFor, planOf } from '../compiler/compile.ts';
import { Network } from '../compiler/network.ts';
import type { Value, ValueType } from '../graph/value.ts';
import type { Plan } from '../plan/plan.ts';
import { bound } from './bound.ts';
import { chainStatistics, trainingForm } from './forms.ts';
import { fuseForward } from './fuse.ts';
import { fuseActivations } from './fuseActivations.ts';
import { Learner } from './learner.ts';
import { averageOf, type Kind, LABELS, RANDOM, type Recipe, type Result } from './recipe.ts';
import { type State, withStates } from './states.ts';

/** A program, and the order of its first outputs; states that it writes follow. */
export interface TrainingPlan {
  readonly plan: Plan;
  readonly results: readonly Result[];
  /** What the loss looks at; none in an update. */
  readonly target?: ValueType | undefined;
}

type Dims = ReadonlyMap<string, readonly number[]>;

/**
 * The program of a kind for input shapes.
 * @param dims of every input of the graph
 * @param labels their type and shape
 * @throws LanewiseError UNSUPPORTED for an operator without gradient; INVALID_INPUT if labels do not fit; TOO_LARGE
 */
export function planTraining(kind: Kind, recipe: Recipe, dims: Dims, labels: ValueType): TrainingPlan {
  const learner = new Learner(recipe);
  let inputs: readonly Value[] = [];
  let output: ValueType | undefined;
  if (kind === 'update') learner.updateGathered();
  else {
    const given: Value = { ...labels, name: LABELS };
    const { target, nodes, statistics, inputs: fed } = forward(recipe, dims, kind !== 'evaluate');
    recipe.loss.check(target, labels);
    learner.forward(nodes, target, given);
    output = target;
    inputs = [...fed, given];
    if (kind !== 'evaluate') learner.backward(kind, statistics);
  }
  const { results, written, nodes } = learner;
  const outputs = [...results.map(([, value]) => value), ...written];
  const network = new Network([...inputs, ...learner.numbers.values(), learner.scale], outputs, nodes);
  const names = outputs.map((_, i) => results[i]?.[0] ?? `${i}`);
  const plan = planOf({ network, names }, { ...recipe.options, dims, transforms: true });
  return { plan, results: results.map(([name]) => name), target: output };
}

/** The program that gives states to read and to write, and does nothing. */
export function planStates(states: readonly Value[], options: Recipe['options']): Plan {
  const network = new Network([], states, []);
  return planOf({ network, names: states.map(({ name }) => name) }, { ...options, dims: new Map() });
}

/** The program of the forward pass that gives what every node makes; the nodes' names are in the order of its outputs. */
export function planInspection(recipe: Recipe, dims: Dims): { plan: Plan; nodes: readonly string[] } {
  const { nodes, inputs } = forward(recipe, dims, true);
  const outputs = nodes.map((node) => node.outputs[0] as Value);
  const network = new Network(inputs, outputs, nodes);
  const plan = planOf({ network, names: outputs.map(({ name }) => name) }, { ...recipe.options, dims, transforms: true });
  return { plan, nodes: nodes.map(({ name }) => name) };
}

/** The nodes that the loss needs, as in training or as in inference, by averaged weights if there are any. */
function forward({ graph, output, states, average, options }: Recipe, dims: Dims, training: boolean) {
  const { network, names } = bound(graph, output, { ...options, dims });
  const target = network.outputs[names.indexOf(output)] as Value;
  const random: Value = { name: RANDOM, type: 'int32', dims: [4] };
  const current = ({ value, learned }: State) => (learned && !training && average !== undefined ? averageOf(value) : value);
  const kept = nodesFor([target], withStates(network.nodes, new Map([...states].map(([name, state]) => [name, current(state)]))));
  const forms = () => fuseActivations(kept, [target]).map((node, index) => trainingForm(node, { random, index }));
  return { target, ...chainStatistics(training ? fuseForward(forms(), [target]) : kept), inputs: [...network.inputs, random] };
}
