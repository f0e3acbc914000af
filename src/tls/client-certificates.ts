import type { RequestListener } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { sendError } from '../kit/http/answer.ts';
import { pathOf } from '../kit/http/exact-routes.ts';

const READS = new Set(['GET', 'HEAD']);

/**
 * Lets a request pass whose connection showed a certificate of `core.client_ca`, and answers any other with 401. Health checks
 * pass without one: load balancers and kubelets have none to show. That is why it is not left to the handshake.
 */
export function clientCertificatesOnly(app: RequestListener, healthUri: string): RequestListener {
  const open = new Set([healthUri, '/readyz']);
  return (req, res) => {
    const { authorized } = req.socket as TLSSocket;
    if (authorized || (READS.has(req.method ?? '') && open.has(pathOf(req.url ?? '') ?? ''))) app(req, res);
    else
      sendError(
        res,
        'unauthenticated',
        'A client certificate is needed that an authority of core.client_ca has signed.',
      );
  };
}
