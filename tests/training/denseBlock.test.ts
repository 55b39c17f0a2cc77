// DenseNet's blocks: every layer reads the concatenation of all before it, so that copies would cost as much as the network.

import { Op } from '../../assembly/opcodes.ts';
import { bind } from '../../src/compiler/bind.ts';
import { planOf } from '../../src/compiler/compile.ts';
import { Network } from '../../src/compiler/network.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Value } from '../../src/graph/value.ts';
import type { Operator } from '../../src/ops/operator.ts';
import { conv } from '../../src/ops/window/conv.ts';
import { isHost } from '../../src/plan/plan.ts';
import { differentiate } from '../../src/training/differentiate.ts';
import { addInstructions } from '../../src/training/instructions.ts';
import { ruleOf } from '../../src/training/rules/index.ts';
import { graphOf, type NodeSpec } from '../kernels/graph.ts';
import { skip } from '../skip.ts';

addInstructions();

const title = 'neither concatenations nor their gradients copy';

if (ruleOf(conv as Operator)) {
  test(title, () => {
    const [first, growth, depth] = [16, 8, 6];
    const nodes: NodeSpec[] = [{ op: 'Conv', name: 'layer', inputs: ['x', 'w'] }];
    const dims = new Map<string, readonly number[]>([
      ['x', [2, 3, 9, 7]],
      ['w', [first, 3, 3, 3]],
    ]);
    const parts = ['layer'];
    for (let i = 0; i < depth; i++) {
      if (i > 0) nodes.push({ op: 'Concat', name: `concat${i}`, attributes: { axis: 1 }, inputs: [...parts] });
      nodes.push({ op: 'Relu', name: `relu${i}`, inputs: [i > 0 ? `concat${i}` : 'layer'] });
      nodes.push({ op: 'Conv', name: `layer${i}`, inputs: [`relu${i}`, `w${i}`], attributes: { pads: [1, 1, 1, 1] } });
      dims.set(`w${i}`, [growth, first + growth * i, 3, 3]);
      parts.push(`layer${i}`);
    }
    nodes.push({ op: 'Concat', name: 'concat', attributes: { axis: 1 }, inputs: parts });
    nodes.push({ op: 'Relu', name: 'relu', inputs: ['concat'] });
    nodes.push({ op: 'Conv', name: 'head', inputs: ['relu', 'v'] });
    dims.set('v', [10, first + growth * depth, 1, 1]);

    const { network } = bind(graphOf({ inputs: Object.fromEntries(dims), nodes }), { dims });
    const [y] = network.outputs as readonly [Value];
    const seed: Value = { name: 'seed', type: 'float32', dims: y.dims };
    const { nodes: backward, gradients } = differentiate(network.nodes, new Map([[y, seed]]), network.inputs);
    const outputs = network.inputs.map((value) => gradients.get(value) as Value);
    const whole = new Network([...network.inputs, seed], outputs, [...network.nodes, ...backward]);
    const plan = planOf({ network: whole, names: outputs.map(({ name }) => name) }, { dims, verify });
    expect(backward.filter(({ op }) => op.name === 'Slice').length).toBeGreaterThan(depth);
    const copies = plan.steps.flatMap((step) => (!isHost(step) && step.op === Op.Copy ? [step.node] : []));
    expect(copies.filter((name) => name.startsWith('concat'))).toEqual([]);
  });
} else skip(title, 'Conv has no gradient rule yet');
