import { once } from 'node:events';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { makeAuthority } from '../../src/sandbox/certificates.ts';

/** A push as it came over the wire, byte for byte. */
export interface CapturedPush {
  readonly path: string;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

/** APNs, FCM, HMS and their sign-ins in one TLS server on port 0; tokens that begin with `dead` are refused as Apple refuses them. */
export async function startProviderCapture() {
  const authority = makeAuthority();
  const captured: CapturedPush[] = [];
  const sockets = new Set<Socket>();
  const server = createSecureServer({ ...authority.leaf(['localhost']), allowHTTP1: true });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('request', async (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const { url: path, headers } = request;
    const body = await text(request.stream ?? request).catch(() => '');
    const answer = (status: number, json: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(json));
    };
    if (path.includes('token')) {
      answer(200, { access_token: 'access', expires_in: 3600, token_type: 'Bearer' });
      return;
    }
    captured.push({ path, headers, body });
    if (path.startsWith('/3/device/dead')) answer(410, { reason: 'Unregistered', timestamp: 1_700_000_000_000 });
    else answer(200, { name: 'projects/p/messages/1', code: '80000000', msg: 'Success', requestId: '1' });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: authority.ca,
    captured,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
