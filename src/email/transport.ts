/**
 * Mails of one app through one server: a mail for each target, so that no receiver sees another.
 *
 * A target is: refused here (no address, no text) → settled, or waiting for one of `connections` → under way → settled. `close` ends
 * what is under way and settles what waits as `NotSent`.
 */
import PQueue from 'p-queue';
import { builtOnce } from '../carrier/built-once.ts';
import { type CredentialVerdict, fieldOf } from '../carrier/provider-row.ts';
import { background, throwLater } from '../kit/background.ts';
import { late, NotLoadedError } from '../kit/late.ts';
import { internalError } from '../push/internal-error.ts';
import type { Category, Delivery, Failed, Outcome, PushTransport, Settle, TransportStatus } from '../push/push.ts';
import { type MailAddress, type Mailbox, mailAddress } from './address.ts';
import type { Mail, Mailer } from './mailer.ts';
import { messageIdOf, threadRootOf } from './message-id.ts';
import { mailContent } from './payload.ts';
import { PolicyRefusals } from './policy-refusals.ts';
import { emailFailure } from './reasons.ts';
import { faultOutcome } from './verdict.ts';

export interface EmailTransportOptions {
  readonly app: string;
  readonly from: Mailbox;
  /** Where answers go; absent: to `from`. */
  readonly replyTo?: Mailbox | undefined;
  /** Loads and opens what speaks SMTP; called with the first mail, and again only after a failure. */
  readonly mailer: () => Promise<Mailer>;
  /** Mails under way at a time. */
  readonly connections: number;
  /** Milliseconds until a mail counts as unanswered, connecting included. */
  readonly requestTimeoutMs: number;
  /** Bounces are handed over later; default false. */
  readonly bounces?: boolean;
  /** UNIX milliseconds; default `Date.now`. */
  readonly now?: () => number;
}

/** Milliseconds: servers give a mail up after four or five days (RFC 5321 section 4.5.4.1). */
const LAST_BOUNCE_MS = 6 * 86_400_000;

const INVALID_ADDRESS = emailFailure('InvalidAddress', 'not a mail address');
const CLOSED = emailFailure('NotSent', 'the transport is closed');
const NOT_LOADED = emailFailure('NotSent', 'what sends mail could not be loaded');

/** Categories that speak of the server or of us, and not of one mail. */
const TROUBLES: ReadonlySet<Category> = new Set(['unavailable', 'not_sent', 'unanswered', 'credential']);

const toldOf = (error: unknown): Failed => {
  if (error instanceof NotLoadedError) return NOT_LOADED;
  throwLater(error);
  return internalError(error);
};

export class EmailTransport implements PushTransport {
  readonly #options: EmailTransportOptions;
  readonly #now: () => number;
  readonly #mails: PQueue;
  readonly #contentOf = builtOnce(mailContent);
  readonly #policy = new PolicyRefusals();
  /** Of the mails under way. */
  readonly #underWay = new Set<AbortController>();
  #closed = false;
  readonly #mailer: () => Promise<Mailer>;
  /** Once there has been a mail. */
  #opened: Mailer | undefined;
  #inFlight = 0;
  #lastSuccessAt: number | undefined;
  #trouble: Failed | undefined;

  constructor(options: EmailTransportOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#mails = new PQueue({ concurrency: options.connections });
    this.#mailer = late('what sends mail', async () => {
      this.#opened = await options.mailer();
      return this.#opened;
    });
  }

  send(delivery: Delivery, settle: Settle): void {
    this.#inFlight += delivery.targets.length;
    for (const [index, target] of delivery.targets.entries()) {
      const carried = async (): Promise<void> => {
        const outcome = await this.#carry(target, delivery).catch(toldOf);
        this.#learn(outcome);
        this.#inFlight -= 1;
        settle(index, outcome);
      };
      background(this.#mails.add(carried));
    }
  }

  status(): TransportStatus {
    const trouble = this.#trouble;
    return {
      status: trouble === undefined ? 'pass' : trouble.category === 'credential' ? 'fail' : 'warn',
      ...(trouble ? { output: trouble.error } : {}),
      sessions: this.#mails.pending,
      inFlight: this.#inFlight,
      capacity: this.#options.connections,
      ...(this.#lastSuccessAt === undefined ? {} : { lastSuccessAt: this.#lastSuccessAt }),
    };
  }

  /** Connects and signs in, without a mail. */
  async tryCredential(): Promise<CredentialVerdict> {
    try {
      const fault = await (await this.#mailer()).verify();
      if (fault === undefined) return { kind: 'good' };
      const { category, reason, error } = faultOutcome(fault, '');
      return { kind: category === 'credential' ? 'refused' : 'unknown', reason, error };
    } catch (thrown) {
      const { reason, error } = toldOf(thrown);
      return { kind: 'unknown', reason, error };
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const controller of this.#underWay) controller.abort();
    await this.#mails.onIdle();
    this.#opened?.close();
  }

  async #carry(target: string, delivery: Delivery): Promise<Outcome> {
    if (this.#closed) return CLOSED;
    const to = mailAddress(target);
    if (to === undefined) return INVALID_ADDRESS;
    const content = this.#contentOf(delivery);
    if ('failed' in content) return content.failed;
    const { app, from, replyTo } = this.#options;
    const thread = fieldOf<string>(delivery.notification, 'thread_id');
    const mail: Mail = {
      replyTo,
      ...content,
      from,
      to: to.address,
      messageId: messageIdOf(delivery, to.address, content.digest, from.domain),
      thread: thread ? threadRootOf(app, thread, from.domain) : undefined,
    };
    return this.#policy.judge(await this.#deliver(mail, to), to.domain);
  }

  async #deliver(mail: Mail, { address }: MailAddress): Promise<Outcome> {
    const mailer = await this.#mailer();
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), this.#options.requestTimeoutMs);
    this.#underWay.add(controller);
    try {
      const fault = await mailer.send(mail, controller.signal);
      if (fault === undefined) return this.#accepted(mail.messageId);
      return this.#closed && !fault.whole && fault.reply === '' ? CLOSED : faultOutcome(fault, address);
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(controller);
    }
  }

  #accepted(providerId: string): Outcome {
    const accepted: Outcome = { kind: 'accepted', providerId };
    return this.#options.bounces ? { ...accepted, receipt: { until: this.#now() + LAST_BOUNCE_MS } } : accepted;
  }

  #learn(outcome: Outcome): void {
    if (outcome.kind === 'accepted') this.#lastSuccessAt = this.#now();
    const isTrouble = outcome.kind === 'failed' && TROUBLES.has(outcome.category) && !outcome.sparesLane;
    this.#trouble = isTrouble ? outcome : undefined;
  }
}
