// `load` imports this when a reader has refused a file: a dynamic import only, so that it is a file of its own.

export { identified } from './identify.ts';
