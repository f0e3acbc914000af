import { onTestFinished } from 'vitest';
import { type GrpcServerOptions, startGrpcServer } from '../../src/grpc/start-grpc-server.ts';
import type { Notification } from '../../src/push/push.ts';
import type { AcceptOptions } from '../../src/relay/accept.ts';

/** A server on loopback that takes whatever comes; closed when the test ends. */
export async function serve(options: Partial<GrpcServerOptions> = {}) {
  const accepted: { notification: Notification; body: string; how: AcceptOptions }[] = [];
  const errors: unknown[] = [];
  const server = await startGrpcServer({
    port: 0,
    address: '127.0.0.1',
    accept: ([notification], body, how = {}) => {
      accepted.push({ notification: notification as Notification, body: (body as () => string)(), how });
      return { requestId: 'r1', counts: 0, logs: [] };
    },
    maxBody: 64 * 1024,
    ready: () => true,
    warn: (message) => errors.push(message),
    onError: (error) => errors.push(error),
    ...options,
  });
  onTestFinished(() => server.close(0));
  return { ...server, accepted, errors };
}
