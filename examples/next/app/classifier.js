'use client';

import { load } from 'lanewise/runtime';
import { cifar10, pictureFromBlob, topK, toTensor } from 'lanewise/vision';
import { useEffect, useState } from 'react';

/** In the visitor's browser: the picture does not leave it. */
export function Classifier() {
  const [label, setLabel] = useState('…');

  useEffect(() => {
    const control = new AbortController();
    async function classify() {
      const model = await load('/model.lanewise', { signal: control.signal });
      try {
        const response = await fetch('/cat.png', { signal: control.signal });
        const input = toTensor(await pictureFromBlob(await response.blob()), cifar10);
        const { logits } = await model.run({ input });
        setLabel(cifar10.labels[topK(logits.data, 1)[0].index]);
      } finally {
        model.dispose();
      }
    }
    classify().catch((error) => control.signal.aborted || setLabel(error.message));
    return () => control.abort();
  }, []);

  return (
    <p>
      This looks like a <output id="label">{label}</output>.
    </p>
  );
}
