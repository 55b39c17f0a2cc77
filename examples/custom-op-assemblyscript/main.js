import { load, Tensor } from 'lanewise';
import { input, model } from 'lanewise/layers';
import { fastMedianPool, medianPool } from './operator.js';

const [height, width] = [12, 24];
const x = input([1, height, width]);
const file = model(x, medianPool(x, { size: 3 })).toONNX();

const picture = Float32Array.from({ length: height * width }, (_, i) => (i % 17 === 0 ? 1 : (i % width) / 100));
const specks = (values) => values.filter((value) => value === 1).length;
for (const operator of [medianPool, fastMedianPool]) {
  const network = await load(file, { operators: [operator] });
  const { output } = await network.run({ input: new Tensor('float32', picture, [1, 1, height, width]) });
  console.log(`${specks(picture)} specks before, ${specks(output.data)} after`);
}
