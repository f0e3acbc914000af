/** The names of all batches of direct sends begin so. */
export const DIRECT = 'direct.';

/** What the name of a batch tells, also after a restart. */
export interface DirectBatch {
  readonly platform: string;
  /** Whose targets they are: letters, digits, `-`, `_`. */
  readonly about: string;
  /** UNIX milliseconds. */
  readonly sentAt: number;
  /** Its providers had called the tokens dead, which was not believed. */
  readonly isSuspect: boolean;
}

const BASE = 36;
const SUSPECT = 'suspect-';

export const directBatch = ({ platform, about, sentAt, isSuspect }: DirectBatch, id: string): string =>
  `${DIRECT}${platform}.${about}.${sentAt.toString(BASE)}.${isSuspect ? SUSPECT : ''}${id}`;

export function readDirectBatch(batch: string): DirectBatch {
  const [, platform = '', about = '', sentAt = '', id = ''] = batch.split('.');
  return { platform, about, sentAt: Number.parseInt(sentAt, BASE), isSuspect: id.startsWith(SUSPECT) };
}
