import { late } from '../late.ts';

/** The HTTP/1.1 client, with the first request that needs it: it is a third of all code that a start would load. */
export const undici = late('undici', () => import('undici'));
