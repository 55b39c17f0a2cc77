import { runNode, eachVariant } from './run.ts';
import { random, conv, maxError } from '../reference/index.ts';

eachVariant((variant) => {
  test('accuracy', () => {
    const out: string[] = [];
    for (const [c, k] of [[1,1],[3,3],[4,1],[7,3],[16,3],[64,3],[122,3], [1100,1]] as const) {
      let worst = 0;
      for (let seed = 0; seed < 5; seed++) {
        const x = random([1, c, 9, 9], seed), w = random([17, c, k, k], seed + 50), b = random([17], seed + 80);
        const y = runNode({ op: 'Conv', inputs: [x, w, b], constants: [1, 2], variant });
        worst = Math.max(worst, maxError(y.data, conv({ x, w, b })));
      }
      const K = c * k * k;
      out.push(`${variant} K=${K} err=${worst} /(eps*sqrtK*(2+sqrtK))=${worst / (2 ** -24 * Math.sqrt(K) * (2 + Math.sqrt(K)))}`);
    }
    console.log(out.join('\n'));
  });
});
