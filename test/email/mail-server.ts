import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import { type Authority, makeAuthority } from '../../src/sandbox/certificates.ts';

/** A mail that arrived. */
export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly secure: boolean;
  readonly raw: Buffer;
}

/** What the server says of a receiver, or of a mail: `550 5.1.1 no such user`; undefined: it is taken. */
export type Refusal = string | undefined;

export interface MailServerOptions extends SMTPServerOptions {
  readonly onReceiver?: (address: string, count: number) => Refusal;
  /** Once the final dot is there; `cut`: the connection ends without an answer. */
  readonly onMail?: (mail: TakenMail, count: number) => Refusal | 'cut' | Promise<Refusal>;
  /** Names of the certificate; default `localhost` and 127.0.0.1. */
  readonly names?: readonly string[];
  readonly authority?: Authority;
}

function refusal(reply: string): Error {
  const [code = '', ...text] = reply.split(' ');
  return Object.assign(new Error(text.join(' ')), { responseCode: Number(code) });
}

/** npm's smtp-server on a free port of loopback. Without options it takes every mail, signed in or not, with TLS or without. */
export async function startMailServer({ onReceiver, onMail, ...options }: MailServerOptions = {}) {
  const { names = ['localhost', '127.0.0.1'], authority = makeAuthority(), ...own } = options;
  const taken: TakenMail[] = [];
  let connections = 0;
  let receivers = 0;
  const answerMail = async (session: SMTPServerSession, raw: Buffer): Promise<Refusal | 'cut'> => {
    const { mailFrom, rcptTo } = session.envelope;
    const from = mailFrom ? mailFrom.address : '';
    const mail = { from, to: rcptTo.map(({ address }) => address), secure: session.secure, raw };
    taken.push(mail);
    return onMail?.(mail, taken.length);
  };
  const server = new SMTPServer({
    ...authority.leaf(names),
    authOptional: true,
    logger: false,
    closeTimeout: 100,
    onConnect(_, done) {
      connections += 1;
      done();
    },
    onRcptTo({ address }, _, done) {
      receivers += 1;
      const reply = onReceiver?.(address, receivers);
      done(reply === undefined ? null : refusal(reply));
    },
    onData(stream, session, done) {
      buffer(stream)
        .then((raw) => answerMail(session, raw))
        .then((reply) => {
          if (reply === 'cut') cut(session.remotePort);
          else done(reply === undefined ? null : refusal(reply));
        }, done);
    },
    ...own,
  });
  server.on('error', () => {});
  const sockets = (): { readonly remotePort: number; destroy(): void }[] =>
    [...server.connections].map(
      (each) => (each as unknown as { _socket: { remotePort: number; destroy(): void } })._socket,
    );
  const cut = (port: number): void => {
    for (const socket of sockets()) if (socket.remotePort === port) socket.destroy();
  };
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    ca: authority.ca,
    taken,
    connections: () => connections,
    /** Ends all of them without a word, as a server does that has waited long enough. */
    dropConnections() {
      for (const socket of sockets()) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => server.close(resolve));
    },
  };
}
