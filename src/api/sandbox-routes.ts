import express, { type Router } from 'express';
import type { Sandbox } from '../providers/start-sandbox.ts';

/**
 * `GET /sandbox/deliveries`: `{"total": n, "deliveries": [...]}`, the newest first; `?limit=n` for the last n of them
 * (default 100).
 */
export function sandboxRoutes(sandbox: Pick<Sandbox, 'deliveries' | 'delivered'>): Router {
  const router = express.Router();
  router.get('/sandbox/deliveries', (request, response) => {
    const limit = Math.max(0, Math.trunc(Number(request.query.limit ?? 100))) || 0;
    response.json({ total: sandbox.delivered(), deliveries: sandbox.deliveries().toReversed().slice(0, limit) });
  });
  return router;
}
