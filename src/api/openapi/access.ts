import { textNameOf } from '../../auth/hub-scopes.ts';
import { needOf } from '../../auth/route-scopes.ts';
import { type ApiSettings, type DescribedAnswer, error, type Operation, RETRY_AFTER } from './api-group.ts';

/** The ways to say who one is. A browser may also give the key as the password of Basic, which pages ask for. */
const KEY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key of `auth.keys`, or a token (JWT) where `auth.jwks_url` is set.',
  },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key of `auth.keys`.' },
  certificate: { type: 'mutualTLS', description: 'A client certificate of `auth.certificates`.' },
} as const;

const PERSON_SCHEME = {
  userToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: "The token of one person, for what is that person's own: `POST /v1/users/{user}/tokens`.",
  },
} as const;

export type SecuritySchemes = typeof KEY_SCHEMES & Partial<typeof PERSON_SCHEME>;

export const securitySchemes = ({ hub }: Pick<ApiSettings, 'hub'>): SecuritySchemes => ({
  ...KEY_SCHEMES,
  ...(hub ? PERSON_SCHEME : {}),
});

const CHALLENGE: NonNullable<DescribedAnswer['headers']> = {
  'WWW-Authenticate': { description: 'What is wanted (RFC 6750).', required: true, schema: { type: 'string' } },
};

const unavailable = error('The keys that sign tokens cannot be had at the moment.', RETRY_AFTER);

const refusals = (scope: string): { readonly [status: string]: DescribedAnswer } => ({
  401: error('There is no key, or it is unknown.', CHALLENGE),
  403: error(`The key lacks the scope \`${scope}\`.`),
  429: error('More requests than this key may send, or too many attempts with a wrong one.', RETRY_AFTER),
});

/** The answer of two parts with one status. */
const both = (own: DescribedAnswer | undefined, other: DescribedAnswer): DescribedAnswer =>
  own
    ? {
        ...other,
        ...own,
        description: `${own.description} Or: ${other.description}`,
        content: { ...other.content, ...own.content },
      }
    : other;

/** An operation, and who may call it: by the table that the guard asks. */
export function withAccess(settings: ApiSettings): (method: string, path: string, operation: Operation) => Operation {
  if (!settings.auth) return (_method, _path, operation) => operation;
  const need = needOf(settings.uris);
  return (method, path, operation) => {
    const needed = need(method.toUpperCase(), path);
    if (needed === 'nothing') return { ...operation, security: [] };
    const { scope, own } = typeof needed === 'string' ? { scope: needed, own: false } : needed;
    const { responses } = operation;
    // Routes of other systems have errors in a form of their own, also where it is the guard that refuses.
    const { content } = responses[403] ?? {};
    const form = content && textNameOf(path) !== undefined ? { content } : {};
    const refused = Object.entries(refusals(scope)).map(([status, answer]) => [
      status,
      both(responses[status], { ...answer, ...form }),
    ]);
    return {
      ...operation,
      security: [
        ...Object.keys(KEY_SCHEMES).map((scheme) => ({ [scheme]: [scope] })),
        ...(own ? [{ userToken: [] }] : []),
      ],
      responses: { ...responses, ...Object.fromEntries(refused), 503: both(responses[503], unavailable) },
    };
  };
}
