// What `load` asks for when a reader has refused a file: a module that nobody imports at once, so that it can be a file of its own.

export { identified } from './identify.ts';
