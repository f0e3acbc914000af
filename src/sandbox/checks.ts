/** What the simulated providers look at. Each can be switched off, for tests whose input is not meant for a real provider. */
export interface Checks {
  /** Provider tokens, OAuth assertions and access tokens. */
  readonly credentials: boolean;
  /** The topic: present, well-formed, and of the suffix that its push type asks for. */
  readonly topic: boolean;
  /** Push type, priority, expiration, ids. */
  readonly headers: boolean;
  /** The form of device tokens. */
  readonly token: boolean;
  /** Size and shape of the message. */
  readonly message: boolean;
}

export const allChecks: Checks = { credentials: true, topic: true, headers: true, token: true, message: true };
export const noChecks: Checks = { credentials: false, topic: false, headers: false, token: false, message: false };
