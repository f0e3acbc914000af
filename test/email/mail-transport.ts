import { type Mailbox, mailbox } from '../../src/email/address.ts';
import { loadDkimKey } from '../../src/email/dkim-key.ts';
import { openMailer } from '../../src/email/mailer.ts';
import type { EmailSection } from '../../src/email/section.ts';
import { EmailTransport } from '../../src/email/transport.ts';
import { createTrust } from '../../src/http2/connect.ts';
import { createSocketConnect, type Reach } from '../../src/outbound/socket-connect.ts';
import type { Delivery, Outcome, PushTransport } from '../../src/push/push.ts';

/** What tests change of `email` in config.yml; the rest has values that suit a server on loopback. */
export type MailSettings = Partial<EmailSection>;

export interface MailSurroundings {
  /** PEM. */
  readonly ca?: string;
  readonly reach?: Reach;
  /** Bounces are handed over. */
  readonly bounces?: boolean;
  readonly now?: () => number;
}

type Sender = EmailTransport & AsyncDisposable;

/** A transport as src/email/open.ts makes it, without a relay around it. */
export function mailTransport(
  settings: MailSettings,
  { ca, reach = 'anywhere', bounces, now }: MailSurroundings = {},
): Sender {
  const section = {
    host: '127.0.0.1',
    port: 25,
    username: '',
    password: '',
    tls: 'none',
    from: 'relay@example.org',
    connections: 5,
    request_timeout: 60,
    dkim: { domain: '', selector: '', key_path: '', key: '' },
    ...settings,
  } as const;
  const key = loadDkimKey(section.dkim);
  const transport = new EmailTransport({
    app: 'default',
    from: mailbox(section.from) as Mailbox,
    connections: section.connections,
    requestTimeoutMs: section.request_timeout * 1000,
    ...(bounces === undefined ? {} : { bounces }),
    ...(now ? { now } : {}),
    mailer: async () =>
      openMailer({
        ...section,
        connect: createSocketConnect(reach),
        trust: createTrust(ca === undefined ? undefined : [ca]),
        dkim: key && { ...section.dkim, key },
      }),
  });
  return Object.assign(transport, { [Symbol.asyncDispose]: () => transport.close() });
}

export function outcomesOf(
  transport: PushTransport,
  targets: readonly string[],
  fields: object,
  more: Partial<Delivery> = {},
): Promise<Outcome[]> {
  const delivery: Delivery = {
    notification: { tokens: [...targets], platform: 7, ...fields },
    kind: 'token',
    targets,
    environment: 'production',
    attempt: 0,
    requestId: 'request-1',
    ...more,
  };
  return new Promise((resolve) => {
    const outcomes: Outcome[] = [];
    let open = targets.length;
    transport.send(delivery, (index, outcome) => {
      outcomes[index] = outcome;
      if (--open === 0) resolve(outcomes);
    });
  });
}
