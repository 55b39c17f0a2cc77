// Runs an example's operator over shapes, with the package as it is built: `run-operator.mjs MODULE NAME` reads { dims, size, data }[] from
// standard input and prints what the operator makes of each, or the error's message.

import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { load, Tensor } from 'lanewise';
import { input, model } from 'lanewise/layers';

const [path, name] = process.argv.slice(2);
const operator = (await import(pathToFileURL(path)))[name];

async function result({ dims, size, data }) {
  const x = input(dims.slice(1));
  const network = await load(model(x, operator(x, { size })).toONNX(), { operators: [operator] });
  const outputs = await network.run({ input: new Tensor('float32', data, dims) });
  const { kernel } = network.profile({ input: new Tensor('float32', data, dims) })[0];
  return { kernel, dims: outputs.output.dims, data: [...outputs.output.data] };
}

const results = [];
for (const one of JSON.parse(await text(process.stdin))) {
  try {
    results.push(await result(one));
  } catch (error) {
    results.push({ error: `${error.code}: ${error.message}` });
  }
}
console.log(JSON.stringify(results));
