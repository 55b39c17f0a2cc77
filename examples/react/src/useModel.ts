import { load, type Model } from 'lanewise';
import { useEffect, useState } from 'react';

/** A model that is there as long as the component: it runs in a worker, so that the page stays alive. */
export function useModel<Names extends string>(url: string) {
  const [model, setModel] = useState<Model<Names>>();
  const [progress, setProgress] = useState(0);
  const [error, setError] = useState<Error>();

  useEffect(() => {
    const control = new AbortController();
    let loaded: Model<Names> | undefined;
    const onProgress = ({ loaded, total }: { loaded: number; total?: number | undefined }) => setProgress(total ? loaded / total : 0);
    load<Names>(url, { worker: true, onProgress, signal: control.signal }).then(
      (model) => {
        // The component may be gone, or mounted twice, as React does in development.
        if (control.signal.aborted) return model.dispose();
        loaded = model;
        setModel(model);
      },
      (error: Error) => control.signal.aborted || setError(error),
    );
    return () => {
      control.abort();
      setModel(undefined);
      loaded?.dispose();
    };
  }, [url]);

  return { model, progress, error };
}
