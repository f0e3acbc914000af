/** Ends of paths that are secrets: a device's token, and the link that unsubscribes a person. */
const SECRET = /^(\/api\/push\/(?:apns|gcm)\/|\/u\/).+$/s;

/** A decoded path as the access log may have it. */
export const loggedPath = (path: string): string => path.replace(SECRET, '$1…');
