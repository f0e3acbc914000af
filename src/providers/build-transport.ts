import { createHash, type KeyObject } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { type ApnsTokenCredential, loadApnsCredential } from '../apns/credentials.ts';
import { type ApnsTokenSource, createApnsTokenSource } from '../apns/token.ts';
import { createApnsTransport } from '../apns/transport.ts';
import type { AgreeOnKey } from '../carrier/provider-row.ts';
import { type GoogleEnvironment, loadFcmCredential, TOKEN_URI } from '../fcm/credentials.ts';
import { createFcmTokenSource } from '../fcm/token.ts';
import { createFcmTransport } from '../fcm/transport.ts';
import { createHmsTransport } from '../hms/transport.ts';
import type { Outbound } from '../outbound/outbound.ts';
import type { Environment, Provider, PushTransport } from '../push/push.ts';
import type { AppSections } from './app-sections.ts';

/** What a transport is made of. */
export interface SectionsPlan {
  readonly sections: AppSections;
  readonly provider: Provider;
  readonly environment: Environment;
  /** False: its settings come from somebody who may not reach our network; sign-in at an address of theirs goes to public ones only. */
  readonly trusted: boolean;
}

/** Reads the credential and builds the transport; opens no connection. @throws ConfigError when the credential cannot be used. */
export type TransportBuilder = (plan: SectionsPlan) => PushTransport;

export interface TransportBuilderOptions {
  readonly outbound: Outbound;
  /** Where Google's libraries look for credentials; not for apps with a credential of their own. */
  readonly google: GoogleEnvironment;
  /** Which provider token of a key all processes use; default: each its own. */
  readonly agree?: AgreeOnKey | undefined;
}

/** Provider tokens by key. Apple counts renewals of a key, so all connections that use one share its tokens. */
class ApnsTokens {
  readonly #sources = new Map<string, ApnsTokenSource>();
  readonly #agree: AgreeOnKey | undefined;

  constructor(agree: AgreeOnKey | undefined) {
    this.#agree = agree;
  }

  of(credential: ApnsTokenCredential): ApnsTokenSource {
    const name = `${credential.teamId}/${credential.keyId}/${fingerprint(credential.key)}`;
    let source = this.#sources.get(name);
    if (!source) {
      const agree = this.#agree;
      source = createApnsTokenSource({
        ...credential,
        ...(agree ? { agree: (offer, refused) => agree(name, offer, refused) } : {}),
      });
      this.#sources.set(name, source);
    }
    return source;
  }
}

const fingerprint = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'pkcs8', format: 'der' }))
    .digest('base64url');

export function transportBuilder({ outbound, google, agree }: TransportBuilderOptions): TransportBuilder {
  const tokens = new ApnsTokens(agree);
  return ({ sections, provider, environment, trusted }) => {
    // The addresses of Apple and Huawei are those of the configuration, whoever the app is of.
    const theirs = trusted || !sections.own.has('android') ? outbound.dispatcher : outbound.guarded;
    switch (provider) {
      case 'apns':
        return apns(sections.ios, environment, outbound, tokens);
      case 'fcm':
        return fcm(sections, google, theirs, outbound);
      case 'hms':
        return hms(sections.huawei, outbound.dispatcher);
    }
  };
}

function apns(ios: AppSections['ios'], environment: Environment, outbound: Outbound, tokens: ApnsTokens) {
  const credential = loadApnsCredential(ios);
  return createApnsTransport({
    credential,
    origin: environment === 'production' ? ios.endpoint : ios.sandbox_endpoint,
    createPool: outbound.poolsOf(ios),
    generateApnsId: ios.generate_apns_id,
    refuseOversized: ios.refuse_oversized,
    ...(credential.kind === 'token' ? { tokenSource: tokens.of(credential) } : {}),
  });
}

function fcm({ android, own }: AppSections, google: GoogleEnvironment, theirs: Dispatcher, outbound: Outbound) {
  const credential = loadFcmCredential(android, own.has('android') ? {} : google);
  // Google's own address is no way into our network, and a forced proxy may be the only way to it.
  const isGoogle = credential.type !== 'metadata_server' && credential.tokenUri === TOKEN_URI;
  const dispatcher = isGoogle ? outbound.dispatcher : theirs;
  const tokenSource = createFcmTokenSource({ credential, dispatcher, timeoutMs: android.request_timeout * 1000 });
  return createFcmTransport({
    credential,
    origin: android.endpoint,
    createPool: outbound.poolsOf(android),
    tokenSource,
  });
}

const hms = (huawei: AppSections['huawei'], dispatcher: Dispatcher) =>
  createHmsTransport({
    appId: huawei.appid,
    appSecret: huawei.appsecret,
    origin: huawei.endpoint,
    authOrigin: huawei.auth_endpoint,
    requestTimeoutMs: huawei.request_timeout * 1000,
    dispatcher,
  });
