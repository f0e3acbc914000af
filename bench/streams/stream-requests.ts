/** How each server of streams is spoken to. A stamp in the text says when an event was sent; `@` stands around it. */
export interface StreamSpeech {
  /** Where a person's stream is. */
  stream(person: string): string;
  /** A request that publishes one event. */
  publish(person: string, text: string): PublishRequest;
  /** The same event for several people in one request, where there is such a thing. */
  publishMany?(people: readonly string[], text: string): PublishRequest;
}

export interface PublishRequest {
  readonly path: string;
  readonly type: string;
  readonly body: string;
  readonly authorization?: string;
}

const JSON_TYPE = 'application/json';
export const personName = (index: number): string => `p${String(index).padStart(6, '0')}`;

const martlet: StreamSpeech = {
  stream: (person) => `/v1/users/${person}/stream`,
  publish: (person, text) => ({
    ...{ path: `/v1/users/${person}/events`, type: JSON_TYPE },
    body: JSON.stringify({ type: 'parcel.arrived', payload: { text } }),
  }),
  publishMany: (users, text) => ({
    ...{ path: '/v1/events', type: JSON_TYPE },
    body: JSON.stringify({ type: 'parcel.arrived', payload: { text }, users }),
  }),
};

const bare: StreamSpeech = {
  stream: (person) => `/${person}`,
  publish: (person, text) => ({ path: '/', type: JSON_TYPE, body: JSON.stringify({ users: [person], text }) }),
  publishMany: (users, text) => ({ path: '/', type: JSON_TYPE, body: JSON.stringify({ users, text }) }),
};

const ntfy: StreamSpeech = {
  stream: (person) => `/${person}/sse`,
  publish: (person, text) => ({ path: `/${person}`, type: 'text/plain', body: text }),
};

export const MERCURE_KEY = 'a key of the bench, long enough for HS256, and of no other use';

/** @param authorization of one who may publish */
const mercure = (authorization: string): StreamSpeech => ({
  stream: (person) => `/.well-known/mercure?topic=${person}`,
  publish: (person, text) => ({
    ...{ path: '/.well-known/mercure', type: 'application/x-www-form-urlencoded', authorization },
    body: new URLSearchParams({ topic: person, data: text }).toString(),
  }),
});

export type SpeechName = 'martlet' | 'bare' | 'ntfy' | 'mercure';

export const speechOf = (name: SpeechName, authorization: string): StreamSpeech =>
  ({ martlet, bare, ntfy, mercure: mercure(authorization) })[name];
