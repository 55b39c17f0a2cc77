import { classify } from '../../classify.js';

export const runtime = 'edge';

export const POST = classify;
