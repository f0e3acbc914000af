import { generateVapidPair, type RawVapidPair } from '../webpush/credentials.ts';

/** `martlet vapid [--json]`: a VAPID key pair (RFC 8292), and what of it goes where. Writes nothing. @returns text to print */
export function vapidCommand(json: boolean, make: () => RawVapidPair = generateVapidPair): string {
  const pair = make();
  if (json) return JSON.stringify(pair);
  return [
    '# A VAPID key pair for Web Push; the private key is shown this once and kept nowhere.',
    `# For the browser: pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: '${pair.public_key}' })`,
    '# For config.yml; a pair in use before stays in the list with `state: old`, or its subscriptions are lost:',
    'web:',
    '  subject: mailto:you@example.com # whom push services may turn to',
    '  vapid:',
    `    - public_key: ${pair.public_key}`,
    `      private_key: ${pair.private_key}`,
  ].join('\n');
}
