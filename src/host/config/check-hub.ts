import { hookUrlMistake } from '../../feedback/hook-target.ts';
import { isWebhookSecret } from '../../kit/http/webhook-signature.ts';
import { redisOfUrl } from '../../kit/net/redis-url.ts';
import type { Draft, Findings } from './draft.ts';

/** A base address: below it are `/api/push`, `/healthz` and `/version`. */
function isAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '';
}

/** `https://app.example.com`: as a browser sends it in `Origin`. */
const isOrigin = (text: string): boolean =>
  /^https?:/.test(text) && !text.includes('*') && URL.parse(text)?.origin === text;

/** The pages that may call. */
function checkOrigins({ config: { hub } }: Draft, { mistakes }: Findings): void {
  for (const origin of hub.cors_origins.filter((each) => !isOrigin(each)))
    mistakes.push({
      key: 'hub.cors_origins',
      text: `must be origins as browsers send them, such as https://app.example.com, is "${origin}"`,
    });
}

/** What is wrong with the hub, as far as its settings tell. */
export function checkHub(draft: Draft, findings: Findings): void {
  checkOrigins(draft, findings);
  checkPush(draft, findings);
  checkServerKey(draft, findings);
  checkStreams(draft, findings);
  checkPeers(draft, findings);
  checkSinks(draft, findings);
}

/** Who gets events. */
function checkSinks({ config: { hub, queue } }: Draft, { mistakes, warnings }: Findings): void {
  for (const [name, { url, secret, format, allow_private }] of Object.entries(hub.sinks)) {
    const wrong = (key: string, text: string) => mistakes.push({ key: `hub.sinks.${name}.${key}`, text });
    const mistake = hookUrlMistake(url, { allowPrivate: allow_private });
    if (mistake) wrong('url', mistake);
    for (const [index, each] of secret.entries())
      if (format === 'standard' && !isWebhookSecret(each))
        wrong('secret', `no. ${index + 1} must be whsec_ and base64 of 24 to 64 bytes`);
    if (secret.length === 0) warnings.push(`hub.sinks.${name}.secret is empty: its calls are not signed`);
  }
  if (hub.enabled && Object.keys(hub.sinks).length > 0 && (queue.engine !== 'local' || queue.local.path === ''))
    warnings.push('hub.sinks: there is no queue file, and what sinks have not taken ends with the process');
}

/** What streams are to use must be there. */
function checkStreams({ config: { hub } }: Draft, { mistakes, warnings }: Findings): void {
  const { redis, streams } = hub;
  if (redis !== '' && !redisOfUrl(redis))
    mistakes.push({ key: 'hub.redis', text: 'is not of the form redis://user:password@host:6379/0' });
  for (const part of ['store', 'presence', 'router'] as const)
    if (hub.enabled && redis === '' && streams[part] === 'redis')
      mistakes.push({ key: `hub.streams.${part}`, text: 'needs hub.redis, which is empty' });
  if (streams.store === 'memory' && hub.enabled)
    warnings.push('hub.streams.store: memory: streams end with the process, and no other process sees them');
}

/** The instances that tell each other of news. */
function checkPeers({ config: { hub } }: Draft, { mistakes, warnings }: Findings): void {
  const { peers, peer_secret: secrets, router, store } = hub.streams;
  const wrong = (key: string, text: string) => mistakes.push({ key: `hub.streams.${key}`, text });
  if (!peers.every(isAddress)) wrong('peers', 'must be http:// or https:// addresses without user name and query');
  for (const [index, secret] of secrets.entries())
    if (!isWebhookSecret(secret)) wrong('peer_secret', `no. ${index + 1} must be whsec_ and base64 of 24 to 64 bytes`);
  if (!hub.enabled) return;
  if (router === 'post' && peers.length === 0) wrong('router', 'post needs hub.streams.peers, which is empty');
  if (peers.length > 0 && secrets.length === 0)
    wrong('peer_secret', 'is empty, and hub.streams.peers are only called with a signature');
  if (peers.length > 0 && (store === 'memory' || (store === 'hub' && hub.postgres === '')))
    warnings.push('hub.streams.peers: the instances share no store (hub.postgres, or hub.streams.store: redis)');
  if (peers.length > 0 && router !== '' && router !== 'post')
    warnings.push(`hub.streams.peers has no effect with hub.streams.router: ${router}`);
}

/** Mail of the hub has a link to unsubscribe by, which leads to this relay; in the sandbox no one gets a mail. @param on by platform */
export function checkHubLinks(
  { config: { hub, sandbox } }: Draft,
  on: Readonly<Record<string, boolean>>,
  { warnings }: Findings,
): void {
  if (!hub.enabled || sandbox.enabled || !on.email || hub.public_url !== '') return;
  warnings.push(
    'hub.public_url is not set: mails of the hub go out without List-Unsubscribe, and people cannot unsubscribe by one click (docs/email.md)',
  );
}

/** The key of an API that Google has switched off: who has it in the environment expects Android to get pushes. */
function checkServerKey({ config: { hub, android, sandbox }, env }: Draft, { mistakes, warnings }: Findings): void {
  if (!hub.enabled || !env.FCM_SERVER_KEY) return;
  const text = 'is for an API that Google has switched off (docs/hub/other-apis.md)';
  if (sandbox.enabled) warnings.push(`FCM_SERVER_KEY ${text}; the sandbox needs none`);
  else if (android.credential || android.key_path || env.GOOGLE_APPLICATION_CREDENTIALS)
    warnings.push(`FCM_SERVER_KEY ${text}; the service account is used`);
  else
    mistakes.push({
      key: 'FCM_SERVER_KEY',
      text: `${text}; set android.key_path (GORUSH_ANDROID_KEY_PATH) to the JSON file of a service account`,
    });
}

/** Who brings the hub's pushes to the providers. */
function checkPush({ config: { hub } }: Draft, { mistakes, warnings }: Findings): void {
  const { mode, urls } = hub.push;
  if (!hub.enabled) return;
  if (mode !== 'gorush' && urls.length > 0) warnings.push(`hub.push.urls has no effect with hub.push.mode: ${mode}`);
  if (mode !== 'gorush') return;
  const key = 'hub.push.urls';
  if (urls.length === 0)
    mistakes.push({
      key,
      text: 'is empty: hub.push.mode gorush needs the address of each, such as http://gorush:8088',
    });
  if (!urls.every(isAddress))
    mistakes.push({ key, text: 'must be http:// or https:// addresses without user name and query' });
}
