/**
 * Speaks SMTP, by nodemailer: loaded with the first mail. One for a transport; connections are opened as needed, kept for a minute
 * of rest, and used again.
 */
import type { KeyObject } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { createTransport } from 'nodemailer';
import type { SMTPTransportGetSocket } from 'nodemailer/lib/smtp-transport';
import { background } from '../kit/background.ts';
import type { Mailbox } from './address.ts';
import type { MailFault } from './verdict.ts';

export interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly tls: 'starttls' | 'implicit' | 'opportunistic' | 'none';
  readonly username: string;
  readonly password: string;
  readonly connections: number;
}

export interface MailerOptions extends MailServer {
  /** Opens a connection, as far as it may be. Rejects with an error that has a code. */
  readonly connect: (address: { readonly host: string; readonly port: number }) => Promise<Socket>;
  /** Whom the server's certificate has to be from. */
  readonly trust: SecureContext;
  readonly dkim?: { readonly domain: string; readonly selector: string; readonly key: KeyObject } | undefined;
}

/** One mail for one receiver. */
export interface Mail {
  readonly from: Mailbox;
  readonly to: string;
  readonly replyTo?: Mailbox | undefined;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** With its angle brackets. */
  readonly messageId: string;
  /** Message-ID of the root of its thread. */
  readonly thread?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Mailer {
  /** Resolves with what went wrong; undefined: the server has taken the mail. Never rejects for the network's or the server's sake. */
  send(mail: Mail, signal: AbortSignal): Promise<MailFault | undefined>;
  /** Connects and signs in. */
  verify(): Promise<MailFault | undefined>;
  /** Ends at once, whatever is under way. */
  close(): void;
}

const IDLE_MS = 60_000;

const TLS = {
  starttls: { secure: false, requireTLS: true },
  implicit: { secure: true },
  opportunistic: { secure: false, opportunisticTLS: true },
  none: { secure: false, ignoreTLS: true },
} as const;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What nodemailer's error says. Errors without a code are mistakes of ours. */
function faultOf(error: unknown, whole: boolean): MailFault {
  const { code, originalCode, response, command } = error as Readonly<Record<string, unknown>>;
  if (text(code) === '') throw error;
  return { code: text(code), network: text(originalCode), reply: text(response), command: text(command), whole };
}

const named = ({ name, address }: Mailbox) => ({ name, address });

/** Streams of the mails under way, by the signal of each: whether all of a mail was read says whether the dot may have gone out. */
type Streams = WeakMap<AbortSignal, Readable>;

function openPool(options: MailerOptions, streams: Streams) {
  const { host, port, tls, username, password, connections, connect, trust, dkim } = options;
  const getSocket: SMTPTransportGetSocket = (_, done) => {
    background(
      connect({ host, port }).then((connection) => done(null, { connection })),
      (error) => done(error),
    );
  };
  const pool = createTransport({
    pool: true,
    host,
    port,
    ...TLS[tls],
    tls: { secureContext: trust },
    ...(username === '' ? {} : { auth: { user: username, pass: password } }),
    maxConnections: connections,
    // A connection that the server has closed meanwhile is noticed before a byte of the mail is sent: all of them may be.
    maxRequeues: connections,
    idleTimeout: IDLE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    getSocket,
    ...(dkim
      ? {
          dkim: {
            domainName: dkim.domain,
            keySelector: dkim.selector,
            privateKey: dkim.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
          },
        }
      : {}),
  });
  pool.use('stream', ({ message, data }, done) => {
    const create = message.createReadStream.bind(message);
    message.createReadStream = (...given: Parameters<typeof create>) => {
      const stream = create(...given);
      if (data.signal) streams.set(data.signal, stream);
      return stream;
    };
    done();
  });
  return pool;
}

export function openMailer(options: MailerOptions): Mailer {
  const streams: Streams = new WeakMap();
  const pool = openPool(options, streams);
  return {
    async send(mail, signal) {
      const { from, to, replyTo, subject, messageId, thread, headers } = mail;
      try {
        await pool.sendMail({
          from: named(from),
          to: { name: '', address: to },
          ...(replyTo ? { replyTo: named(replyTo) } : {}),
          subject,
          ...(mail.text === '' ? {} : { text: mail.text }),
          html: mail.html,
          messageId,
          ...(thread ? { inReplyTo: thread, references: thread } : {}),
          headers,
          envelope: { from: from.address, to },
          xMailer: false,
          signal,
        });
        return undefined;
      } catch (error) {
        return faultOf(error, streams.get(signal)?.readableEnded ?? false);
      }
    },
    async verify() {
      try {
        await pool.verify();
        return undefined;
      } catch (error) {
        return faultOf(error, false);
      }
    },
    close: () => pool.close({ force: true }),
  };
}
