/** Who did what, for `log.audit`: never what was sent, to which device, or with which key. */
export interface AuditRecord {
  readonly requestId?: string | undefined;
  /** Name of the key or certificate, or the subject of the token; absent without authentication. */
  readonly who?: string | undefined;
  /** By what that was known. */
  readonly by?: 'key' | 'token' | 'certificate' | 'user' | undefined;
  readonly address?: string | undefined;
  /** `push`, `app.create`, `app.update`, `app.delete`, `provider.update`, …; `refused` for a request that was not let in. */
  readonly action: string;
  /** Pushes by app: tokens, and one for a topic. For a change: the app, with 0. */
  readonly apps?: Readonly<Record<string, number>> | undefined;
  /** What was changed, such as `provider: ios`; no values. */
  readonly target?: string | undefined;
  /** HTTP's; a gRPC call has the code that HTTP would have had. */
  readonly status: number;
  /** Why it was refused. */
  readonly reason?: string | undefined;
}

/** One line of JSON. */
export const auditLine = (time: string, { requestId, ...record }: AuditRecord): string =>
  `${JSON.stringify({ time, request_id: requestId, ...record })}\n`;
