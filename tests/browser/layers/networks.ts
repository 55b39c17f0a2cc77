import { defineOp } from '../../../src/index.ts';
import { conv2d, flatten, heNormal, input, type LayersModel, model, relu, type SymbolicTensor } from '../../../src/layers/index.ts';
import { resnet20 } from '../../../src/zoo/index.ts';
import { everything } from '../../layers/everything.ts';
import { random, toTensor } from '../../reference/array.ts';

const negate = defineOp({
  name: 'Negate',
  domain: 'lanewise.test',
  run: ({ inputs: [x], outputs: [y] }) => {
    for (let i = 0; i < y.data.length; i++) y.data[i] = -(x.data[i] as number);
  },
});

function custom(): LayersModel {
  const x = input([3, 9, 9]);
  return model(x, flatten(relu(negate(conv2d(x, 5, 3, { weight: heNormal() })))), { seed: 2 });
}

const networks: Readonly<Record<string, () => LayersModel>> = { everything, custom, resnet20: () => resnet20({ seed: 1 }) };

/** The bytes of each network's weights, and of its output. */
export async function bytes(): Promise<Record<string, Uint8Array>> {
  const made = Object.entries(networks).map(async ([name, make]) => {
    const net = make();
    const [, ...shape] = (net.inputs[0] as SymbolicTensor).dims as number[];
    const x = toTensor(random([2, ...shape], 1));
    const { output } = await (await net.compile()).run({ input: x });
    const { buffer } = (output as typeof x).data;
    return [
      [`${name}: weights`, net.toSafetensors()],
      [`${name}: output`, new Uint8Array(buffer)],
    ] as const;
  });
  return Object.fromEntries((await Promise.all(made)).flat());
}
