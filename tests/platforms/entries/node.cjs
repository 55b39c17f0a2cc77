// As node.mjs, by require().

const { readFile } = require('node:fs/promises');
const { measure } = require('./bits.js');

measure(
  async () => require('lanewise'),
  (name) => readFile(`${process.argv[2]}/${name}`),
).then((found) => console.log(JSON.stringify(found)));
