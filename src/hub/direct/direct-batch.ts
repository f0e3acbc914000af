/** The names of all batches of direct sends begin so. */
export const DIRECT = 'direct.';

/** What the name of a batch tells, also after a restart. */
export interface DirectBatch {
  readonly platform: string;
  /** Whose targets they are: letters, digits, `-`, `_`. */
  readonly about: string;
  /** UNIX milliseconds. */
  readonly sentAt: number;
}

const BASE = 36;

export const directBatch = ({ platform, about, sentAt }: DirectBatch, id: string): string =>
  `${DIRECT}${platform}.${about}.${sentAt.toString(BASE)}.${id}`;

export function readDirectBatch(batch: string): DirectBatch {
  const [, platform = '', about = '', sentAt = ''] = batch.split('.');
  return { platform, about, sentAt: Number.parseInt(sentAt, BASE) };
}
