import type { Readable } from 'node:stream';
import { Agent, type Dispatcher, request } from 'undici';
import type { Config } from '../../config/schema.ts';
import { withoutUserInfo } from '../../config/without-user-info.ts';
import { MartletError, toError } from '../../kit/errors.ts';
import { originOf } from '../ping.ts';
import type { RelayPlace } from './relay-flags.ts';

/** A running relay said no, or nothing. The message is for the person who typed the command. */
export class RelayRefusal extends MartletError {
  readonly code = 'ERR_RELAY_REFUSAL';
  /** Of its answer; undefined: there was none. */
  readonly status: number | undefined;
  /** There is nothing at this path, rather than nothing of this id. */
  readonly isUnserved: boolean;

  constructor(
    message: string,
    { status, isUnserved = false, cause }: { status?: number; isUnserved?: boolean; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.isUnserved = isUnserved;
  }
}

export interface RelayApiOptions {
  readonly place: RelayPlace;
  readonly config: Pick<Config, 'core'>;
}

/** Names and what they are in a query; undefined ones are left out. */
export type RelayQuery = Readonly<Record<string, string | number | undefined>>;

interface Asked {
  readonly method?: Dispatcher.HttpMethod;
  readonly query?: RelayQuery | undefined;
  readonly body?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 60_000;

const NEEDS_KEY = 'give a key with --key, or MARTLET_API_KEY in the environment';

/** What has to be on for a path to be there. */
const switchOf = (path: string): string => (path.startsWith('/v1/pushes') ? 'history.enabled' : 'hub.enabled');

/** The API of a running relay. Owns its connections. */
export class RelayApi implements AsyncDisposable {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #dispatcher: Agent;

  constructor({ place: { url, key }, config }: RelayApiOptions) {
    this.#base = url?.replace(/(?<!\/)\/+$/, '') ?? originOf(config);
    this.#headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    // On this machine the certificate is for the clients' name of this host, which need not be `localhost`.
    this.#dispatcher = new Agent({ connect: url === undefined ? { rejectUnauthorized: false } : {} });
  }

  /** The JSON of an answer. @throws RelayRefusal unless it is 2xx */
  async json<Body>(path: string, query?: RelayQuery, method: Dispatcher.HttpMethod = 'GET'): Promise<Body> {
    const { body } = await this.#ask(path, { method, query });
    return this.#read(() => body.json() as Promise<Body>);
  }

  /** The same; undefined for what is not there. */
  async jsonIfThere<Body>(path: string, query?: RelayQuery): Promise<Body | undefined> {
    try {
      return await this.json<Body>(path, query);
    } catch (error) {
      if (error instanceof RelayRefusal && error.status === 404) return undefined;
      throw error;
    }
  }

  /** An answer that may be long, as it comes. @throws RelayRefusal unless it is 2xx */
  async stream(path: string, asked: Asked = {}): Promise<Readable> {
    return (await this.#ask(path, asked)).body;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dispatcher.destroy();
  }

  async #ask(path: string, { method = 'GET', query = {}, body, headers }: Asked): Promise<Dispatcher.ResponseData> {
    const target = URL.parse(this.#base + path);
    if (!target) throw new RelayRefusal('--url: is no URL of a relay, such as https://push.example.com');
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) target.searchParams.set(name, String(value));
    const answer = await this.#read(() =>
      request(target, {
        ...{ method, dispatcher: this.#dispatcher, headers: { ...this.#headers, ...headers } },
        ...(body ? { body } : {}),
        // What is sent may be long, and is answered at its end.
        ...{ headersTimeout: body ? 0 : TIMEOUT_MS, bodyTimeout: body ? 0 : TIMEOUT_MS },
      }),
    );
    if (answer.statusCode < 300) return answer;
    throw await refusalOf(path, answer);
  }

  async #read<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const why = toError(error).message || 'no connection';
      const text = `the relay at ${withoutUserInfo(this.#base)} cannot be asked: ${why}`;
      throw new RelayRefusal(`${text}\nIs it running? --url names another one.`, { cause: error });
    }
  }
}

async function refusalOf(path: string, { statusCode: status, body }: Dispatcher.ResponseData): Promise<RelayRefusal> {
  const { message } = ((await body.json().catch(() => undefined)) ?? {}) as { message?: string };
  if (message === undefined && status === 404)
    return new RelayRefusal(`the relay does not serve ${path}: ${switchOf(path)} is false there`, {
      status,
      isUnserved: true,
    });
  const text = message ?? `the relay answers ${status}`;
  return new RelayRefusal(status === 401 ? `${text}\n${NEEDS_KEY}` : text, { status });
}
