import type { Server } from 'node:http';
import PQueue from 'p-queue';
import type { Dispatcher } from 'undici';
import type { Config } from '../config/schema.ts';
import { toError } from '../kit/errors.ts';
import { type FileWatch, watchFiles } from '../kit/files/watch-files.ts';
import { AcmeFolder } from './acme-folder.ts';
import { orderCertificate } from './acme-order.ts';
import { AutoCertificate } from './auto-certificate.ts';
import { autoHosts } from './auto-hosts.ts';
import type { CertificateLog, CertificateSource } from './certificate-source.ts';
import { createChallengeServer } from './challenge-server.ts';
import type { KeyPair } from './key-pair.ts';

export interface AutoCertificatesOptions {
  readonly core: Pick<Config['core'], 'address' | 'auto_tls'>;
  readonly log: CertificateLog;
  /** Carries the requests to the authority; stays its owner's. */
  readonly dispatcher: Dispatcher;
  /** UNIX milliseconds. */
  readonly now?: () => number;
  readonly random?: () => number;
  /** Milliseconds between looks at the folder, where another process may have put a certificate; default 3,000. */
  readonly watchMs?: number | undefined;
  /** Milliseconds between looks at an order under way, first and longest. */
  readonly pollMs?: readonly [number, number];
}

const WATCH_MS = 3000;

/** `core.auto_tls`: a certificate for each host, from an authority that speaks ACME, renewed in time. */
export class AutoCertificates implements CertificateSource {
  readonly #options: AutoCertificatesOptions;
  readonly #folder: AcmeFolder;
  readonly #hosts: ReadonlyMap<string, AutoCertificate>;
  readonly #listeners: (() => void)[] = [];
  #http: Server | undefined;
  #watch: FileWatch | undefined;

  /** Reads what is in the folder. @throws ConfigError for malformed hosts and a folder that cannot be written. */
  constructor(options: AutoCertificatesOptions) {
    const { core, dispatcher } = options;
    const { auto_tls } = core;
    this.#options = options;
    const hosts = autoHosts(auto_tls.host);
    this.#folder = new AcmeFolder(auto_tls.folder);
    const order = { ...options, directory: auto_tls.directory, folder: this.#folder, dispatcher };
    const oneByOne = new PQueue({ concurrency: 1 });
    this.#hosts = new Map(
      hosts.map((host) => [
        host,
        new AutoCertificate(host, {
          ...options,
          folder: this.#folder,
          order: (type, onChallenge) => oneByOne.add(() => orderCertificate(host, type, order, onChallenge)),
          types: () => (this.#http?.listening ? ['tls-alpn-01', 'http-01'] : ['tls-alpn-01']),
          onChange: () => this.#changed(),
        }),
      ]),
    );
  }

  /** The first host's, for clients that name none. */
  get current(): KeyPair | undefined {
    for (const certificate of this.#hosts.values()) if (certificate.pair) return certificate.pair;
    return undefined;
  }

  pairFor(host: string): KeyPair | undefined {
    return this.#hosts.get(host.toLowerCase())?.pair;
  }

  challengeFor(host: string): KeyPair | undefined {
    const name = host.toLowerCase();
    return this.#hosts.has(name) ? this.#folder.challengePair(name) : undefined;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** To be called when the HTTPS port listens: the authority may look there at once. */
  async start(): Promise<void> {
    await this.#serveChallenges();
    const paths = [...this.#hosts.keys()].map((host) => this.#folder.pairPath(host));
    this.#watch = watchFiles(paths, this.#options.watchMs ?? WATCH_MS, () => this.#reread());
    for (const certificate of this.#hosts.values()) certificate.start();
  }

  reload(): void {
    this.#reread();
  }

  /** False when one cannot be read now. */
  #reread(): boolean {
    try {
      for (const certificate of this.#hosts.values()) certificate.reread();
      return true;
    } catch (error) {
      this.#options.log.warn(`core.auto_tls.folder: ${toError(error).message}; the certificates in use stay`);
      return false;
    }
  }

  async close(): Promise<void> {
    this.#watch?.close();
    for (const certificate of this.#hosts.values()) certificate.stop();
    const http = this.#http;
    if (http?.listening) await new Promise((resolve) => http.close(resolve));
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** A port that cannot be had is no reason not to serve: a Gorush never had it, and the HTTPS port answers as well. */
  async #serveChallenges(): Promise<void> {
    const { address, auto_tls } = this.#options.core;
    if (auto_tls.http_port === '') return;
    const answer = (token: string): string | undefined => this.#folder.challengeText(token);
    const server = createChallengeServer({ answer, hosts: [...this.#hosts.keys()] });
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        const host = address === '' ? {} : { host: address };
        server.listen({ port: Number(auto_tls.http_port), ...host }, resolve);
      });
      server.on('error', () => {});
      this.#http = server;
    } catch (error) {
      const why = toError(error).message;
      this.#options.log.warn(`core.auto_tls.http_port: ${why}; the authority can only look at the HTTPS port`);
    }
  }
}
