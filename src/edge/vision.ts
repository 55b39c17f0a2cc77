import './pictures.ts';

export * from '../vision/index.ts';
