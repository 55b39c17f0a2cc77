import { type Text, type TrainingName, texts } from '../binaries.ts';

const own: Readonly<Record<TrainingName, Text>> = {
  'strict-training': () => import('../../build/strict-training.js'),
  'strict-threads-training': () => import('../../build/strict-threads-training.js'),
  'strict-training-more': () => import('../../build/strict-training-more.js'),
  'strict-threads-training-more': () => import('../../build/strict-threads-training-more.js'),
};

/** Adds the binaries of the packs *training* and *training-more* to the others, where binaries are compiled. */
export const addBinaries = (): void => void (texts && Object.assign(texts, own));
