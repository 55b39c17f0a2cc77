import { createRoot } from 'react-dom/client';
import { Classifier } from './Classifier.tsx';

createRoot(document.querySelector('#root') as HTMLElement).render(<Classifier />);
