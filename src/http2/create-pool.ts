export { createNodePool as createPool } from './node-http2-pool.ts';
