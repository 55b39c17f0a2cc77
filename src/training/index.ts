// lanewise/train.

export { addInstructions } from './instructions.ts';
