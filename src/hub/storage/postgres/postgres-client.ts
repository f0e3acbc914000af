import type { Duplex } from 'node:stream';
import type pg from 'pg';

/** Ends a connection without a word: a server that stands still answers no goodbye. pg's own pool does it so. */
export function cutOff(client: pg.ClientBase): void {
  (client as unknown as { readonly connection: { readonly stream: Duplex } }).connection.stream.destroy();
}
