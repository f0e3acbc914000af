/** An accepted request that a file is to keep. */
export interface NewRecord {
  readonly key: number;
  readonly id: string;
  readonly app: string;
  /** UNIX milliseconds. */
  readonly acceptedAt: number;
  /** Targets of all its notifications. */
  readonly pushes: number;
  /** The request as received: `{"notifications": [...]}`. */
  readonly body: Uint8Array | string;
  /** W3C Trace Context, packed; where pushes are traced. */
  readonly trace?: string | undefined;
  /** Processes that ended without closing while they had it in hand (deaths.ts); absent: none. */
  readonly deaths?: number;
  /** Something of it is not what was written. */
  readonly isDamaged?: true;
}
