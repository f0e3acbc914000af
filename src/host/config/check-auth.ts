import type { Mistake } from '../../config/mistake.ts';
import { listenAddress } from '../../kit/net/listen-address.ts';
import { isLoopback } from '../../kit/net/loopback.ts';
import type { Draft, Findings } from './draft.ts';

const DIGEST = /^[0-9a-f]{64}$/i;
const SUBJECT = /^(CN=|DNS:|URI:|EMAIL:|IP:)./;

function checkKeys({ config: { auth } }: Draft, mistakes: Mistake[]): void {
  const owners = new Map<string, string>();
  for (const [name, { sha256, scopes }] of Object.entries(auth.keys)) {
    const wrong = (key: string, text: string) => mistakes.push({ key: `auth.keys.${name}.${key}`, text });
    if (sha256.length === 0) wrong('sha256', 'must be given; `martlet new-key` makes a key and its SHA-256');
    if (scopes.length === 0) wrong('scopes', 'must be a list of push, read, users, admin, and not empty');
    for (const digest of sha256.map((text) => text.toLowerCase())) {
      if (!DIGEST.test(digest)) wrong('sha256', 'must be 64 hexadecimal digits each, the SHA-256 of a key (not shown)');
      const owner = owners.get(digest);
      if (owner !== undefined) wrong('sha256', `is that of ${owner} already`);
      owners.set(digest, name);
    }
  }
}

function checkCertificates({ config: { auth, core } }: Draft, mistakes: Mistake[]): void {
  const owners = new Map<string, string>();
  for (const [name, { subject, scopes }] of Object.entries(auth.certificates)) {
    const wrong = (key: string, text: string) => mistakes.push({ key: `auth.certificates.${name}.${key}`, text });
    if (!SUBJECT.test(subject)) wrong('subject', 'must be CN=name, DNS:name, URI:…, EMAIL:… or IP:…');
    if (scopes.length === 0) wrong('scopes', 'must be a list of push, read, users, admin, and not empty');
    const owner = owners.get(subject);
    if (owner !== undefined) wrong('subject', `is that of ${owner} already`);
    owners.set(subject, name);
  }
  if (owners.size === 0) return;
  if (core.client_ca === '' || !(core.ssl || core.auto_tls.enabled))
    mistakes.push({ key: 'auth.certificates', text: 'needs core.client_ca, and core.ssl or core.auto_tls.enabled' });
}

/** HTTPS, or an issuer on this machine. */
const isSafe = (url: URL | null): boolean =>
  url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));

function checkTokens({ config: { auth, hub } }: Draft, mistakes: Mistake[]): void {
  if (auth.user_claims.length > 0 && (auth.jwks_url === '' || !hub.enabled))
    mistakes.push({ key: 'auth.user_claims', text: 'needs auth.jwks_url, and hub.enabled: true' });
  if (auth.jwks_url === '') return;
  if (!isSafe(URL.parse(auth.jwks_url))) mistakes.push({ key: 'auth.jwks_url', text: 'must be an https:// URL' });
  if (auth.issuer === '') mistakes.push({ key: 'auth.issuer', text: 'must be given with auth.jwks_url' });
  if (auth.audience.length === 0)
    mistakes.push({
      key: 'auth.audience',
      text: 'must be given with auth.jwks_url: else any token of the issuer would do',
    });
}

function checkAdminAddress({ config: { core } }: Draft, mistakes: Mistake[]): void {
  if (core.admin_address === '' || listenAddress(core.admin_address)) return;
  mistakes.push({ key: 'core.admin_address', text: `must be host:port or [::1]:port, is "${core.admin_address}"` });
}

/** Without TLS no client can be asked for a certificate, and all would be let in. */
function checkClientCa({ config: { core } }: Draft, mistakes: Mistake[]): void {
  if (core.client_ca !== '' && !core.ssl && !core.auto_tls.enabled)
    mistakes.push({ key: 'core.client_ca', text: 'needs core.ssl or core.auto_tls.enabled' });
}

/** Who may call. A mistake here must not leave a door open: it ends the start. */
export function checkAuth(draft: Draft, { mistakes }: Findings): void {
  checkKeys(draft, mistakes);
  checkCertificates(draft, mistakes);
  checkTokens(draft, mistakes);
  checkClientCa(draft, mistakes);
  checkAdminAddress(draft, mistakes);
}
