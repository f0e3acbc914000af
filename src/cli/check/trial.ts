import { toError } from '../../kit/errors.ts';

/** Something that may be wrong and keeps no promise from being kept. */
export class Doubt extends Error {}

/** One thing that a start, or the first push, needs. */
export interface Trial {
  /** What of the configuration it is about. */
  readonly key: string;
  /** What was found, in a few words. @throws Doubt for a warning; any other error: a start with it breaks a promise */
  look(): Promise<string> | string;
}

export interface TrialResult {
  readonly key: string;
  readonly state: 'ok' | 'warn' | 'FAIL';
  readonly text: string;
}

async function tryOne({ key, look }: Trial): Promise<TrialResult> {
  try {
    return { key, state: 'ok', text: await look() };
  } catch (error) {
    const text = toError(error).message.replace(`${key}: `, '');
    return { key, state: error instanceof Doubt ? 'warn' : 'FAIL', text };
  }
}

/** Tries all of them at once, in their order. Never rejects. */
export const tryAll = (trials: readonly Trial[]): Promise<TrialResult[]> => Promise.all(trials.map(tryOne));

/** @throws Error when it takes longer */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
