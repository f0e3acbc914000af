import { PushPeer, type PushPeerOptions } from './push-peer.ts';

/** Why another Gorush cannot be used. */
export interface PeerTrouble {
  readonly name: string;
  /** `path`: it is there, and has no `/api/push`. */
  readonly kind: 'unreachable' | 'key' | 'path';
  readonly why: string;
}

const WHY = { key: 'it refuses the key', path: 'it has no /api/push' } as const;

async function tryPeer(options: PushPeerOptions): Promise<PeerTrouble[]> {
  const peer = new PushPeer(options);
  await peer.check();
  if (peer.trouble !== undefined) return [{ name: peer.name, kind: 'unreachable', why: peer.trouble }];
  const kind = await peer.keyTrouble();
  return kind ? [{ name: peer.name, kind, why: WHY[kind] }] : [];
}

/** Asks each of these Gorushes once for its health, and whether it takes the key. Sends nothing. Never rejects. */
export async function tryPeers(
  urls: readonly string[],
  options: Pick<PushPeerOptions, 'apiKey' | 'dispatcher'>,
): Promise<readonly PeerTrouble[]> {
  const common = { tell: () => {}, signal: new AbortController().signal, now: () => performance.now(), ...options };
  return (await Promise.all(urls.map((url) => tryPeer({ url, ...common })))).flat();
}
