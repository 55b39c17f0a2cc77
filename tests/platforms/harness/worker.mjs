// What Wrangler bundles, for miniflare.

/** @param {string} folder Wrangler's `--outdir` */
export const bundled = (folder) => ({
  modules: true,
  scriptPath: `${folder}/index.js`,
  modulesRoot: folder,
  modulesRules: [
    { type: 'CompiledWasm', include: ['**/*.wasm'] },
    { type: 'Data', include: ['**/*.lanewise'] },
  ],
});
