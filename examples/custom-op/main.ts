import { load, Tensor } from 'lanewise';
import { input, model } from 'lanewise/layers';
import { medianPool } from './operator.ts';

const [height, width] = [12, 24];

// The operator is a layer ...
const x = input([1, height, width]);
const file = model(x, medianPool(x, { size: 3 })).toONNX();
// ... and runs the nodes of its name in ONNX files.
const network = await load(file, { operators: [medianPool] });

const picture = Float32Array.from({ length: height * width }, (_, i) => (i % 17 === 0 ? 1 : (i % width) / 100));
const { output } = await network.run({ input: new Tensor('float32', picture, [1, 1, height, width]) });
const specks = (values: Iterable<unknown>): number => Array.from(values).filter((value) => value === 1).length;
console.log(`${specks(picture)} specks before, ${specks(output?.data ?? [])} after`);
