import { classify } from '../../classify.js';

export const runtime = 'nodejs';

export const POST = classify;
