// What the guide's figures, tables and pictures are made with, beside its own code.

export { bars } from './bars.ts';
export { fieldDiagram, numberGrid, paddingDiagram } from './diagrams.ts';
export { beside, sheet } from './pictures.ts';
export { count, factors, fixed, hwc, mebi, mega, share, table, times, word } from './text.ts';
