// What users get is minified already: who uses no bundler downloads less, and bundlers make less of it than of the plain output.

import { minify } from '@swc/core';

/** Classes that users see in errors and consoles. */
const reserved = ['LanewiseError', 'LayersModel', 'Model', 'Parameter', 'SymbolicTensor', 'Tensor'];

/**
 * A module without what only people need; comments for bundlers and licences stay. No function is inlined into another: that would make closures where there are
 * calls.
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
