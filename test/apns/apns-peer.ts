import type { IncomingHttpHeaders } from 'node:http';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** CN of the client certificate, if one was shown. */
  readonly client: string | undefined;
}

export type Answer = { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> };

export interface Peer extends ScriptedServer {
  readonly received: Received[];
}

/** APNs that answers each push as `script` says; default 200. */
export async function startPeer(script: (received: Received) => Answer | 'drop' | undefined): Promise<Peer> {
  const received: Received[] = [];
  const server = await startScriptedServer(
    (exchange) => {
      const { path, headers, clientName: client } = exchange;
      const push: Received = { path, headers, body: exchange.body.toString(), client };
      received.push(push);
      const answer = script(push) ?? { status: 200 };
      if (answer === 'drop') return exchange.cut();
      const { status, body, headers: more } = answer;
      exchange.respond(status, { 'apns-id': 'A0', ...more }, body === undefined ? undefined : JSON.stringify(body));
    },
    { askCertificate: true },
  );
  return { ...server, received };
}
