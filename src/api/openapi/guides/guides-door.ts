import express, { type Router } from 'express';
import type { Reference } from '../reference.ts';

/** The guides, which are loaded when one of them is first asked for. */
export function guidesDoor({ whole }: Pick<Reference, 'whole'>): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.get('/docs/*rest', async (req, res, next) => (await whole()).guides(req, res, next));
  return router;
}
