import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * A server's listener that may await. A caller that goes away in the middle of its request (its process was killed, its time was over) is
 * no failure of the test; any other error is one, as a rejection that nobody handles.
 */
export const awaiting =
  (listen: (request: IncomingMessage, response: ServerResponse) => Promise<void>) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    listen(request, response).catch((error: unknown) => {
      if (!request.readableAborted) throw error;
    });
  };
