import type { IncomingMessage } from 'node:http';
import { networkOf } from '../auth/failed-attempts.ts';
import { principalOfRequest } from '../auth/request-principal.ts';
import type { BodyRoom } from '../kit/http/body-room.ts';
import type { BodyRefusal, ReadBodyOptions } from '../kit/http/read-body.ts';
import type { RefusalKind } from '../kit/refusal.ts';

/** A body takes room of its caller's share: of the key, or of the address where no key is asked for. */
export const callerRoom = (req: IncomingMessage, bodies: BodyRoom | undefined): ReadBodyOptions['room'] =>
  bodies && { of: bodies, who: principalOfRequest(req)?.name ?? networkOf(req.socket.remoteAddress ?? '') };

/** What a caller is answered whose body was not read; `headers` in addition to those of every answer. */
export function bodyRefusal(
  why: BodyRefusal,
  limit: string,
): { readonly kind: RefusalKind; readonly message: string; readonly headers: Readonly<Record<string, string>> } {
  switch (why) {
    case 'too_large':
      return { kind: 'too_large', message: `The request body is larger than ${limit}.`, headers: {} };
    case 'no_room':
      return {
        kind: 'unavailable',
        message: 'Too many request bodies are being received at once (core.max_bodies).',
        headers: { 'Retry-After': '1' },
      };
    case 'too_slow':
      return { kind: 'too_late', message: 'The request body arrives too slowly.', headers: { Connection: 'close' } };
  }
}
