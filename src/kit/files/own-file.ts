import { readFileSync } from 'node:fs';
import { getAsset } from 'node:sea';

/** Where a module of the single executable is, as its `import.meta.url` says (scripts/packages/chunks.ts): a place that is no file. */
export const INSIDE = 'file:///martlet-executable/';

/** The name of an asset of the executable; undefined: a file. */
export const assetOf = (url: URL): string | undefined =>
  url.href.startsWith(INSIDE) ? url.href.slice(INSIDE.length) : undefined;

/** A file of this program, which is beside its modules, or in the executable together with them. @param url from `import.meta.url` */
export function readOwnFile(url: URL): string {
  const asset = assetOf(url);
  return asset === undefined ? readFileSync(url, 'utf8') : getAsset(asset, 'utf8');
}

/** The same as bytes. */
export function readOwnBytes(url: URL): Buffer {
  const asset = assetOf(url);
  return asset === undefined ? readFileSync(url) : Buffer.from(getAsset(asset));
}
