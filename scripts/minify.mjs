// The package is minified already: users without a bundler download less, and bundlers' output is smaller than from plain
// code.

import { minify } from '@swc/core';

/** Classes whose names users see in errors and consoles. */
const reserved = ['LanewiseError', 'LayersModel', 'Model', 'Parameter', 'SymbolicTensor', 'Tensor'];

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
    format: { ecma: 2022, comments: { regex: '^!|__PURE__|[Ii]gnore' } },
  });
  return `${result.code}\n`;
}
