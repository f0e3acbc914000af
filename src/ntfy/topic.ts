/** A topic name of ntfy (server/server.go, `topicRegex`). */
const TOPIC = /^[-_A-Za-z0-9]{1,64}$/;
/** Paths of the server's own. */
const RESERVED = new Set(['docs', 'static', 'file', 'app', 'metrics', 'account', 'settings', 'signup', 'login', 'v1']);

/** `https://host/base` without a slash at its end. */
export const baseOf = (endpoint: string): string => endpoint.replace(/\/{0,9}$/, '');

/**
 * The topic that a target names: the name itself, or its URL on the app's own server, exactly `<endpoint>/<topic>`. Undefined for
 * anything else, so that no other address of that server, and no other server, can be reached.
 */
export function topicOf(target: string, endpoint: string): string | undefined {
  const prefix = `${baseOf(endpoint)}/`;
  const name = target.startsWith(prefix) ? target.slice(prefix.length) : target;
  return TOPIC.test(name) && !RESERVED.has(name) ? name : undefined;
}
