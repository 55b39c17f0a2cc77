import { Classifier } from './classifier.js';

export default function Page() {
  return <Classifier />;
}
