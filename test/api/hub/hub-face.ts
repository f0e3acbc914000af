import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import express, { type ErrorRequestHandler } from 'express';
import { onTestFinished } from 'vitest';
import type { HubRoute } from '../../../src/api/hub/hub-route.ts';
import { type HubRouterOptions, type HubRouterParts, hubRouter } from '../../../src/api/hub/hub-router.ts';
import type { Principal, Scope } from '../../../src/auth/principal.ts';
import { notePrincipal } from '../../../src/auth/request-principal.ts';
import { idempotencyLedger } from '../../../src/hub/storage/idempotency.ts';
import { openHubStore } from '../../../src/hub/storage/open-hub-store.ts';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import type { AuditRecord } from '../../../src/observe/log/audit-line.ts';

export interface Asked {
  readonly as?: Principal;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when it is a text or bytes, else as JSON. */
  readonly body?: unknown;
}

export interface Told {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the test is about
  readonly body: any;
}

export interface HubFace {
  readonly url: string;
  readonly store: HubStore;
  readonly audited: AuditRecord[];
  /** UNIX milliseconds. */
  now: number;
  ask(line: string, asked?: Asked): Promise<Told>;
}

export const keyOf = (scopes: readonly Scope[], apps?: readonly string[]): Principal => ({
  name: 'key',
  kind: 'key',
  scopes: new Set(scopes),
  apps: apps && new Set(apps),
  rateLimit: 0,
});

export const personOf = (id: string, app = 'default'): Principal => ({
  name: `user:${id}`,
  kind: 'user',
  scopes: new Set(),
  apps: new Set([app]),
  rateLimit: 0,
  user: { app, id, issuedAt: 0 },
});

/** Routes of the hub on a store in memory, without the doors that stand before them: `as` is the sender of a request. */
export async function openHubFace(
  routes: (face: HubFace) => readonly HubRoute[],
  { refuse, ...parts }: Partial<HubRouterParts> & HubRouterOptions = {},
): Promise<HubFace> {
  const store = await openHubStore({ path: '', postgres: '', master: undefined, tell: () => {} });
  onTestFinished(() => store.close());
  const senders = new Map<string, Principal>();
  const face = { store, audited: [] as AuditRecord[], now: 1_800_000_000_000 } as unknown as HubFace & { url: string };
  const app = express();
  app.use((req, _res, next) => {
    const sender = senders.get(String(req.headers['x-sender']));
    if (sender) notePrincipal(req as IncomingMessage, sender);
    next();
  });
  app.use(
    hubRouter(
      routes(face),
      {
        store,
        ledger: idempotencyLedger(store, () => face.now),
        closed: () => undefined,
        identify: async () => undefined,
        isApp: (name) => ['default', 'shop', 'news'].includes(name),
        stillThere: async () => {},
        bodies: undefined,
        audit: (record) => face.audited.push(record),
        ...parts,
      },
      refuse ? { refuse, anyQuery: true } : {},
    ),
  );
  const failed: ErrorRequestHandler = (error, _req, res, _next) => res.status(500).json({ failed: String(error) });
  app.use(failed);
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  face.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(face, {
    async ask(line: string, { as, headers = {}, body }: Asked = {}): Promise<Told> {
      const [method, path] = line.split(' ') as [string, string];
      if (as) senders.set(as.name, as);
      const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
      const sent = isRaw ? body : JSON.stringify(body);
      const sender = as ? { 'x-sender': as.name } : {};
      // Not by fetch, which resolves `%2E%2E` before it sends.
      const req = request(face.url, { method, path, headers: { ...headers, ...sender } }).end(sent);
      const [res] = (await once(req, 'response')) as [IncomingMessage];
      const told = await text(res);
      const given = Object.entries(res.headers).map(([name, value]): [string, string] => [name, String(value)]);
      return {
        status: res.statusCode as number,
        headers: new Headers(given),
        body: told === '' ? undefined : JSON.parse(told),
      };
    },
  });
  return face;
}
