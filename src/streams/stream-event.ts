/** What is in a person's stream. The person is known where it is spoken of, and named by one text that no other person has. */
export interface StreamEvent {
  /** `<epoch>.<offset>`: see event-id.ts. */
  readonly id: string;
  /** 1–128 printable characters. */
  readonly type: string;
  /** JSON as text, on one line; kept and delivered byte for byte. */
  readonly payload: string;
  /** When it happened, as the sender said it: an ISO instant with any number of decimals. */
  readonly timestamp: string;
}

/** One that has no id yet. */
export interface EventDraft extends Omit<StreamEvent, 'id'> {
  /** The sender's own name for it: one that this person was given before under it, and that is kept, is not saved again. */
  readonly key?: string | undefined;
}
