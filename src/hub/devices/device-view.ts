import { isoInstant } from '../../kit/time/instant.ts';
import type { Device } from './device.ts';

const FINGERPRINT = 16;

/** Whose it is, as a body would say it. */
const owners = ({ users }: Pick<Device, 'users'>) => (users.length > 1 ? { users } : { user: users[0] ?? null });

/**
 * A device as the API shows it: instead of the token a mask, and a fingerprint, which is the same for the same token.
 * @param mask of its token
 */
export function deviceView(device: Device, mask: string) {
  const {
    app: _app,
    users: _users,
    token_hash,
    token_at: _at,
    token_rev: _tokenRev,
    rev: _rev,
    status_at,
    suspect,
    ...rest
  } = device;
  return {
    ...rest,
    ...owners(device),
    token_mask: mask,
    fingerprint: token_hash.slice(0, FINGERPRINT),
    at: isoInstant(status_at),
    ...(suspect ? { suspect: { reason: suspect.reason, at: isoInstant(suspect.at) } } : {}),
    registered_at: isoInstant(device.registered_at),
    last_seen_at: isoInstant(device.last_seen_at),
  };
}

/** What a merge patch is laid over: the body of a PUT that would change nothing, without the token. */
export function deviceBody(device: Device, patch: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const {
    id: _id,
    app: _app,
    users: _users,
    token_hash: _hash,
    token_at: _at,
    token_rev: _tokenRev,
    rev: _rev,
    status: _status,
    reason: _reason,
    ...rest
  } = device;
  const { status_at: _statusAt, suspect: _suspect, registered_at: _registered, last_seen_at: _seen, ...body } = rest;
  const isMoved = ['token', 'subscription'].some((name) => name in patch);
  return { ...body, ...(isMoved ? patchedPlace(body, patch) : {}) };
}

/** A token of another platform has the usual kind and environment of that, unless the patch names them. */
function patchedPlace(body: { platform: string }, patch: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isOther = patch.platform !== undefined && patch.platform !== body.platform;
  return isOther ? { kind: undefined, environment: undefined } : {};
}
