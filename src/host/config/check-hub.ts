import type { Draft, Findings } from './draft.ts';

/** A base address: below it are `/api/push`, `/healthz` and `/version`. */
function isAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '';
}

/** Who brings the hub's pushes to the providers. */
export function checkHub({ config: { hub } }: Draft, { mistakes, warnings }: Findings): void {
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
