import { curl } from './curl.ts';
import { go } from './go.ts';
import { java } from './java.ts';
import { javascript } from './javascript.ts';
import { php } from './php.ts';
import { python } from './python.ts';
import type { RequestSample } from './request-sample.ts';

export interface SampleLanguage {
  /** Of its texts in the page. */
  readonly id: string;
  readonly name: string;
  /** The whole of what a reader puts into a file or a shell. */
  readonly write: (sample: RequestSample) => string;
}

/** The first one is what a page without scripts shows. */
export const sampleLanguages: readonly SampleLanguage[] = [
  { id: 'curl', name: 'curl', write: curl },
  { id: 'javascript', name: 'JavaScript', write: javascript },
  { id: 'python', name: 'Python', write: python },
  { id: 'go', name: 'Go', write: go },
  { id: 'php', name: 'PHP', write: php },
  { id: 'java', name: 'Java', write: java },
];
