import type { PeerCertificate } from 'node:tls';

const KINDS: Readonly<Record<string, string>> = {
  DNS: 'DNS',
  URI: 'URI',
  email: 'EMAIL',
  'IP Address': 'IP',
};

/** A name whose text could be taken for several is quoted by Node, as JSON. */
function unquoted(text: string): string | undefined {
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** What `auth.certificates.*.subject` is compared with: upper and lower case mean the same in host names only. */
export const comparable = (name: string): string =>
  name.replace(/^(DNS|EMAIL|IP):(.*)$/s, (_, kind: string, text: string) => `${kind}:${text.toLowerCase()}`);

/** The names of a certificate: `CN=backend`, `DNS:backend.example`, `URI:spiffe://example/backend`. */
export function certificateNames({ subject, subjectaltname = '' }: Partial<PeerCertificate>): string[] {
  const common = (subject as { CN?: string | string[] } | undefined)?.CN ?? [];
  const names = (Array.isArray(common) ? common : [common]).map((name) => `CN=${name}`);
  for (const [, kind = '', text = ''] of subjectaltname.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)) {
    const name = unquoted(text);
    const known = KINDS[kind];
    if (known && name !== undefined) names.push(`${known}:${name}`);
  }
  return names.map(comparable);
}
