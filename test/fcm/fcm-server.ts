import type { IncomingHttpHeaders } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import { startScriptedServer } from '../support/scripted-server.ts';

export interface Arrived {
  readonly headers: IncomingHttpHeaders;
  readonly body: { message: Record<string, unknown>; validate_only?: boolean };
}

/** How a target is answered: status and body, or not at all. */
export type Script = (target: string, arrived: Arrived) => { status: number; body: unknown } | 'never' | 'cut';

const OK = { status: 200, body: { name: 'projects/p/messages/1' } };

/** FCM that answers each message as `script` says. */
export async function startFcmServer(script: Script = () => OK) {
  const arrived: Arrived[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server = await startScriptedServer(
    (exchange) => {
      const push: Arrived = { headers: exchange.headers, body: JSON.parse(exchange.body.toString()) };
      arrived.push(push);
      const { token, topic, condition } = push.body.message;
      const answer = script(String(token ?? topic ?? condition), push);
      if (answer === 'cut') exchange.cut();
      if (typeof answer === 'string') return;
      const { status, body } = answer;
      exchange.respond(
        status,
        { 'content-type': 'application/json' },
        typeof body === 'string' ? body : JSON.stringify(body),
      );
    },
    { onSession: (session) => void sessions.add(session) },
  );
  return { ...server, arrived, sessions };
}
