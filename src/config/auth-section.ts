import { integer, list, mapOf, ours, perSecond, seconds, section, text, words } from './leaf.ts';

const access = {
  scopes: words(
    ['push', 'read', 'users', 'admin'],
    'What it may do: `push`: send; `read`: metrics, counters, configuration, what became of pushes; `users`: people and what is theirs; `admin`: everything.',
    ours,
  ),
  apps: list('Names of the apps that it may use; none: all of them.', ours),
  rate_limit: perSecond(0, 'Requests per second, of each process; 0: no limit. Fractions are allowed.', ours),
};

export const authSection = section(
  'Who may call the API. With neither keys nor certificates nor `auth.jwks_url` every client may. See authentication.md.',
  {
    keys: mapOf(
      section('An API key.', {
        sha256: list(
          'SHA-256 of the key in hexadecimal, as `martlet new-key` prints it; of two while one is replaced.',
          {
            martlet: true,
          },
        ),
        ...access,
      }),
      'API keys, by the name that logs and the audit log call them.',
    ),
    certificates: mapOf(
      section('A client certificate that an authority of `core.client_ca` has signed.', {
        subject: text(
          '',
          'Who it is for: `CN=name`, or a subject alternative name: `DNS:name`, `URI:…`, `EMAIL:…`, `IP:…`.',
          ours,
        ),
        ...access,
      }),
      'Client certificates, by name.',
    ),
    jwks_url: text(
      '',
      'Where the keys are that sign the tokens (JWT) of callers: a JSON Web Key Set. Empty: no tokens.',
      ours,
    ),
    issuer: text('', 'What the claim `iss` of a token must be.', ours),
    audience: list('Of which the claim `aud` of a token must have one.', ours),
    user_claims: list(
      "Claims of which the first that a token has names the person whose token it is, such as `account_id sub`: it is for what is that person's own in the hub, and for nothing else. None: tokens are those of back ends.",
      ours,
    ),
    algorithms: words(
      ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
      'Signatures of tokens that count; none: all of these.',
      ours,
    ),
    max_failures: integer(
      10,
      'Attempts with a wrong key or token after which an address has to wait, longer with each further one; 0: never.',
      { ...ours, minimum: 0 },
    ),
    max_lockout: seconds(60, 'The longest such wait.', ours),
  },
);
