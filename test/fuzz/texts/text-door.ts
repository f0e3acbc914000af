/** A place where a stranger or a caller may put a text of any length. */
export interface TextDoor {
  /** `POST /api/push alert.body`, `gRPC Send data{}:`. */
  readonly name: string;
  /** Characters that the text may have at most. */
  readonly longest: number;
  /** Sends it. @returns what came in and what went out again as the answer, in bytes */
  readonly send: (text: string) => Promise<{ readonly sent: number; readonly answered: number }>;
}
