import { nodeResolve } from '@rollup/plugin-node-resolve';

export default {
  input: 'main.js',
  output: { dir: 'public/build', format: 'es' },
  plugins: [nodeResolve({ browser: true })],
};
