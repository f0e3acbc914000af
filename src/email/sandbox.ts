import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { SimulatedProvider } from '../carrier/provider-row.ts';
import { bind } from '../kit/net/bind.ts';
import { type Fate, fateOf } from '../sandbox/fate.ts';
import type { Simulation } from '../sandbox/simulation.ts';
import type { Treatable, Verdict } from '../sandbox/steering.ts';
import { mailAddress } from './address.ts';
import { type Envelope, type SmtpReply, type SmtpRules, SmtpSession } from './smtp-session.ts';

const USER = 'sandbox';
/** With characters that base64 and YAML must carry. */
const PASSWORD = 'sandbox+password/&=: "';
const FROM = 'relay@sandbox.example';

const OK: SmtpReply = { code: 250, text: '2.1.5 OK' };

/** Replies of the verdicts that sandboxes have in common. */
const REPLIES: Readonly<Record<Exclude<Verdict, 'accept'>, SmtpReply>> = {
  unregistered: { code: 550, text: '5.1.1 no such user' },
  expired: { code: 550, text: '5.2.1 mailbox disabled' },
  'bad-token': { code: 553, text: '5.1.3 bad address' },
  'wrong-topic': { code: 550, text: '5.7.1 not from you' },
  busy: { code: 451, text: '4.7.1 greylisted, come back later' },
  down: { code: 421, text: '4.3.2 shutting down', close: true },
  'stale-credential': { code: 454, text: '4.7.0 temporary authentication failure' },
  'bad-credential': { code: 530, text: '5.7.0 authentication required' },
};

/** What happens to these once the whole mail is there; the others are answered at RCPT. */
const AFTER_THE_MAIL: ReadonlySet<Fate | undefined> = new Set<Fate>(['slow', 'silent', 'cut']);

/** A status that a test has scripted is the reply code. */
const treatable = (session: SmtpSession, answer: (reply: SmtpReply) => void): Treatable => ({
  respond: (status, _headers, body) => answer({ code: status, text: body ?? '' }),
  reset: () => session.cut(),
  cut: () => session.cut(),
  goAway: () => answer({ code: 421, text: '4.3.2 closing', close: true }),
});

/** The header of a mail: names in lower case, values on one line. */
function headerOf(mail: string): ReadonlyMap<string, readonly string[]> {
  const header = new Map<string, string[]>();
  for (const line of (mail.split('\r\n\r\n', 1)[0] ?? '').replaceAll(/\r\n[ \t]/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    header.set(name, [...(header.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return header;
}

/** What servers refuse of a header: RFC 5322 section 3.6, and a receiver who is not named alone. */
function mailFault(header: ReturnType<typeof headerOf>, { to }: Envelope): SmtpReply | undefined {
  for (const name of ['from', 'date', 'message-id', 'to', 'subject', 'mime-version']) {
    if (header.get(name)?.length !== 1) return { code: 550, text: `5.6.0 exactly one ${name} is wanted` };
  }
  if (to.length !== 1 || header.get('to')?.[0] !== to[0]) return { code: 550, text: '5.6.0 To is not the receiver' };
  return undefined;
}

/** A simulated mail server that wants TLS and a sign-in. */
export async function simulateEmail(simulation: Simulation): Promise<SimulatedProvider> {
  const { leaf, checks, steering, deliveries, now } = simulation;

  const accept = ({ to }: Envelope, mail: Buffer, header: ReturnType<typeof headerOf>): SmtpReply => {
    const id = header.get('message-id')?.[0] ?? '';
    const target = to[0] ?? '';
    const headers = { 'content-type': header.get('content-type')?.[0] };
    const of = { platform: 'email', environment: 'production', kind: 'token' } as const;
    deliveries.record({ ...of, at: now(), target, id, headers, payload: mail });
    return { code: 250, text: '2.0.0 queued' };
  };

  const rules: SmtpRules = {
    secureContext: createSecureContext({ ...leaf }),
    isAccount: (user, password) => !checks.credentials || (user === USER && password === PASSWORD),
    sender: (address) =>
      address === FROM || !checks.headers ? undefined : { code: 553, text: '5.7.1 not your address' },
    receiver(address, session, answer) {
      if (checks.token && mailAddress(address) === undefined) return answer(REPLIES['bad-token']);
      if (AFTER_THE_MAIL.has(fateOf(address))) return answer(OK);
      return steering.apply(treatable(session, answer), address, (verdict) =>
        answer(verdict === 'accept' ? OK : REPLIES[verdict]),
      );
    },
    mail(envelope, mail, session, answer) {
      const header = headerOf(mail.toString('latin1'));
      const fault = checks.message ? mailFault(header, envelope) : undefined;
      if (fault) return answer(fault);
      const [target = ''] = envelope.to;
      if (!AFTER_THE_MAIL.has(fateOf(target))) return answer(accept(envelope, mail, header));
      return steering.apply(treatable(session, answer), target, () => answer(accept(envelope, mail, header)));
    },
  };

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    new SmtpSession(socket, rules);
  });
  const { port } = await bind(server, { port: 0, host: '127.0.0.1', warn: () => {} });
  return {
    settings: {
      host: 'localhost',
      port,
      username: USER,
      password: PASSWORD,
      tls: 'starttls',
      from: `Martlet <${FROM}>`,
      reply_to: '',
      dkim: { domain: '', selector: '', key_path: '', key: '' },
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
