import { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import express, { type Express } from 'express';

/** Express's own methods, and which application they belong to, laid over `onto` instead of node:http's prototype. */
function graft<T extends object>(own: T, methods: object, onto: object): T {
  const layers = { ...Object.getOwnPropertyDescriptors(methods), ...Object.getOwnPropertyDescriptors(own) };
  return Object.create(onto, layers) as T;
}

/**
 * Makes an application serve requests of node:http2's compatibility API, and only those: Express gives each request and
 * response its own prototype, which would take HTTP/2's away from them.
 */
export function expressOnHttp2(app: Express): Express {
  app.request = graft(app.request, express.request, Http2ServerRequest.prototype);
  app.response = graft(app.response, express.response, Http2ServerResponse.prototype);
  return app;
}
