import { visible } from '../errors.ts';

/** Prints lines. Nothing in them moves the terminal's cursor or turns its writing, whatever files call their parts. */
export const print = (text: string): void => console.log(text.split('\n').map(visible).join('\n'));
