import { cifar10, pictureFrom, softmax, topK, toTensor } from 'lanewise/vision';
import { useRef, useState } from 'react';
import cat from '../cat.png';
import url from '../model.onnx?url';
import { useModel } from './useModel.ts';

export function Classifier() {
  const { model, progress, error } = useModel<'logits'>(url);
  const picture = useRef<HTMLImageElement>(null);
  const [label, setLabel] = useState('…');

  async function classify() {
    if (!model || !picture.current) return;
    const { logits } = await model.run({ input: toTensor(pictureFrom(picture.current), cifar10) });
    const [best] = topK(softmax(logits.data), 1);
    setLabel(cifar10.labels?.[best?.index ?? 0] ?? '…');
  }

  if (error) return <p role="alert">{error.message}</p>;
  return (
    <>
      <img ref={picture} src={cat} alt="" />
      <progress value={model ? 1 : progress} aria-label="The model's download" />
      <button type="button" disabled={!model} onClick={classify}>
        What is it?
      </button>
      <p>
        This looks like a <output id="label">{label}</output>.
      </p>
    </>
  );
}
