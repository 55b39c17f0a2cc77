// The package is minified already: users without a bundler download less, and bundlers' output is smaller than from plain
// code.

import { minify } from '@swc/core';
import { parseAst } from 'rolldown/parseAst';

/** Classes whose names users see in errors and consoles. */
const reserved = ['LanewiseError', 'LayersModel', 'Model', 'Parameter', 'SymbolicTensor', 'Tensor', 'Trainer'];

/**
 * A module without what only people need; comments for bundlers and licences stay. Functions are not inlined, because that
 * would make closures instead of calls.
 */
export async function minified(code) {
  const result = await minify(code, {
    module: true,
    ecma: 2022,
    compress: { ecma: 2022, passes: 3, inline: 0, sequences: false, unsafe_arrows: true },
    mangle: { reserved },
    format: { ecma: 2022, comments: { regex: '^!|__PURE__|@vite-ignore|(webpack|turbopack)Ignore' } },
  });
  return `${unprinted(result.code)}\n`;
}

/** Without the line breaks that template strings hold, so that all of a module is one line but for the licences before it. */
function oneLine(code) {
  const breaks = new Set();
  JSON.stringify(parseAst(code), (_, node) => {
    if (node?.type === 'TemplateElement') for (let i = node.start; i < node.end; i++) if (code[i] === '\n') breaks.add(i);
    return typeof node === 'bigint' ? undefined : node;
  });
  return code.replace(/\n/g, (found, i) => (breaks.has(i) ? '\\n' : found));
}

/**
 * One line of code, after the licences, that is left out where an error is not caught: Node prints the line that threw it, here
 * kilobytes, but none with these words. Bundlers drop them.
 */
export const unprinted = (code) => oneLine(code).replace(/^(\/\*!.*?\*\/\s*)*/s, '$&/*node-do-not-add-exception-line*/');
