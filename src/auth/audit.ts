import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { pathOf } from '../kit/http/exact-routes.ts';
import type { AuditRecord } from '../observe/log/audit-line.ts';
import { builtIn, type ProviderTable } from '../providers/registry.ts';
import { targetGroups } from '../providers/targets.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import type { Notification } from '../push/push.ts';
import { principalOfRequest } from './request-principal.ts';

export type WriteAudit = (record: AuditRecord) => void;

const FACTS = Symbol('what the audit log says of a request');

type Facts = Pick<AuditRecord, 'requestId' | 'apps' | 'reason'>;

interface Noted {
  [FACTS]?: Facts;
}

/** For the line that is written when the answer is gone. */
export function noteAudit(res: ServerResponse, facts: Facts): void {
  (res as Noted)[FACTS] = facts;
}

/** Pushes of a request by app: tokens, and one for a topic or a condition. */
export function pushesByApp(
  notifications: readonly Notification[],
  providers: ProviderTable = builtIn,
): Record<string, number> {
  const pushes: Record<string, number> = {};
  for (const notification of notifications) {
    const app = notification.app || DEFAULT_APP;
    for (const { targets } of targetGroups(notification, providers)) pushes[app] = (pushes[app] ?? 0) + targets.length;
  }
  return pushes;
}

const senderOf = (req: IncomingMessage): Pick<AuditRecord, 'who' | 'by' | 'address'> => {
  const principal = principalOfRequest(req);
  return { who: principal?.name, by: principal?.kind, address: req.socket.remoteAddress };
};

/** Writes a line for each request to send, whatever its answer, and for each other request that was not let in. */
export function audited(app: RequestListener, pushUri: string, write: WriteAudit): RequestListener {
  return (req, res) => {
    const isPush = req.method === 'POST' && (req.url === pushUri || pathOf(req.url as string) === pushUri);
    const { address } = senderOf(req);
    res.on('finish', () => {
      const facts = (res as Noted)[FACTS];
      if (!isPush && facts?.reason === undefined) return;
      const action = isPush ? 'push' : 'refused';
      write({ ...senderOf(req), address, action, status: res.statusCode, ...facts });
    });
    app(req, res);
  };
}

/** A change that an administrator made. */
export interface AdminChange {
  /** `app.create`, `app.update`, `app.delete`, `provider.update`, `provider.delete`, … */
  readonly action: string;
  readonly app?: string;
  /** What of it, such as `ios`; never a value. */
  readonly target?: string;
  readonly status: number;
  readonly requestId?: string;
}

/** Writes who made a change. @param write `log.audit`; undefined: the audit log is off */
export function auditAdmin(write: WriteAudit | undefined, req: IncomingMessage, change: AdminChange): void {
  if (!write) return;
  const { app, ...rest } = change;
  write({ ...senderOf(req), ...rest, ...(app === undefined ? {} : { apps: { [app]: 0 } }) });
}
