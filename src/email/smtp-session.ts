/**
 * One connection to the simulated mail server, as far as RFC 5321 asks of every server: EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, RSET,
 * NOOP, QUIT.
 *
 * - commands: a line is a command, and gets its answer before the next one is read.
 * - waiting: an answer is being made (a slow one, or none at all); what comes is kept. → commands, when it is made.
 * - credential: the next line belongs to AUTH. → commands.
 * - mail: everything up to a line with a dot is the mail. → waiting, for the verdict about it.
 * STARTTLS starts over: nothing that was said before counts (RFC 3207 section 4.2).
 */
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

/** Reply code and text. `close`: the connection ends with it. */
export interface SmtpReply {
  readonly code: number;
  readonly text: string;
  readonly close?: true;
}

export interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
}

/** What the server decides. */
export interface SmtpRules {
  readonly secureContext: SecureContext;
  /** Whether this is the account. */
  isAccount(user: string, password: string): boolean;
  /** Undefined: taken. */
  sender(address: string): SmtpReply | undefined;
  /** Answers once, or never. */
  receiver(address: string, session: SmtpSession, answer: (reply: SmtpReply) => void): void;
  mail(envelope: Envelope, mail: Buffer, session: SmtpSession, answer: (reply: SmtpReply) => void): void;
}

type State =
  | { readonly name: 'commands' }
  | { readonly name: 'waiting' }
  | { readonly name: 'credential'; readonly take: (line: string) => SmtpReply }
  | { readonly name: 'mail' };

const COMMANDS: State = { name: 'commands' };
const WAITING: State = { name: 'waiting' };
/** RFC 5321 section 4.5.3.1: with CR LF; of a mail, and of a command with what SIZE and AUTH add. */
const MOST_LINE = 1000;
const MOST_COMMAND = 12_288;
export const MOST_MAIL = 10 * 1024 * 1024;

const GOODBYE_MS = 500;

const OK: SmtpReply = { code: 250, text: '2.0.0 OK' };
const END = Buffer.from('\r\n.\r\n');
const NOTHING = Buffer.alloc(0);

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString();

/** The address within `FROM:<…>` or `TO:<…>`, whatever follows. */
function pathIn(argument: string, word: 'FROM' | 'TO'): string | undefined {
  if (!argument.toUpperCase().startsWith(`${word}:<`)) return undefined;
  const end = argument.indexOf('>');
  return end < 0 ? undefined : argument.slice(word.length + 2, end);
}

export class SmtpSession {
  readonly #rules: SmtpRules;
  readonly #raw: Socket;
  /** The same, or TLS over it. */
  #socket: Socket;
  #state: State = COMMANDS;
  #received: Buffer = NOTHING;
  #greeted = false;
  #secure = false;
  #account = false;
  #from: string | undefined;
  #to: string[] = [];

  constructor(socket: Socket, rules: SmtpRules) {
    this.#rules = rules;
    this.#raw = socket;
    this.#socket = socket;
    this.#listen();
    this.reply({ code: 220, text: 'sandbox.invalid ESMTP Martlet sandbox' });
  }

  reply({ code, text, close }: SmtpReply): void {
    if (this.#socket.destroyed) return;
    const lines = text.split('\n');
    this.#socket.write(lines.map((line, i) => `${code}${i < lines.length - 1 ? '-' : ' '}${line}\r\n`).join(''));
    // The client may be reading the answer still: it closes first, as a rule.
    if (close) setTimeout(() => this.#socket.end(), GOODBYE_MS).unref();
  }

  /** The connection ends without a word. */
  cut(): void {
    this.#raw.resetAndDestroy();
  }

  #listen(): void {
    this.#socket.on('error', () => {});
    this.#socket.on('data', (chunk: Buffer) => {
      this.#received = this.#received.length > 0 ? Buffer.concat([this.#received, chunk]) : chunk;
      this.#read();
    });
  }

  #read(): void {
    while (this.#state !== WAITING) {
      const taken = this.#state.name === 'mail' ? this.#readMail() : this.#readLine();
      if (!taken) return;
    }
  }

  #readLine(): boolean {
    const end = this.#received.indexOf('\r\n');
    if (end < 0) {
      if (this.#received.length > MOST_COMMAND) this.#end({ code: 500, text: '5.5.2 line too long' });
      return false;
    }
    const line = this.#received.toString('utf8', 0, end);
    this.#received = this.#received.subarray(end + 2);
    const answer = this.#answerTo(line);
    if (answer) this.reply(answer);
    return true;
  }

  #answerTo(line: string): SmtpReply | undefined {
    const state = this.#state;
    if (state.name !== 'credential') return this.#command(line);
    this.#state = COMMANDS;
    return state.take(line);
  }

  #end(reply: SmtpReply): void {
    this.#received = NOTHING;
    this.reply({ ...reply, close: true });
  }

  #readMail(): boolean {
    const end = this.#received.indexOf(END);
    if (end < 0) {
      if (this.#received.length > MOST_MAIL) this.#end({ code: 552, text: '5.3.4 too large' });
      return false;
    }
    const mail = this.#received.subarray(0, end + 2);
    this.#received = this.#received.subarray(end + END.length);
    const envelope = { from: this.#from ?? '', to: this.#to };
    this.#reset();
    this.#wait((answer) => {
      const fault = lineFault(mail);
      if (fault) answer(fault);
      else this.#rules.mail(envelope, unstuffed(mail), this, answer);
    });
    return true;
  }

  #wait(make: (answer: (reply: SmtpReply) => void) => void): void {
    this.#state = WAITING;
    make((reply) => {
      this.#state = COMMANDS;
      this.reply(reply);
      this.#read();
    });
  }

  #reset(): void {
    this.#from = undefined;
    this.#to = [];
  }

  /** The answer; undefined: it comes later. */
  #command(line: string): SmtpReply | undefined {
    const [word = ''] = line.split(' ', 1);
    const argument = line.slice(word.length + 1).trim();
    switch (word.toUpperCase()) {
      case 'EHLO':
        return this.#hello(argument);
      case 'STARTTLS':
        return this.#startTls();
      case 'AUTH':
        return this.#auth(argument);
      case 'MAIL':
        return this.#mail(argument);
      case 'RCPT':
        return this.#rcpt(argument);
      case 'DATA':
        return this.#data();
      case 'RSET':
        this.#reset();
        return OK;
      case 'NOOP':
        return OK;
      case 'QUIT':
        return { code: 221, text: '2.0.0 bye', close: true };
      default:
        return { code: 502, text: '5.5.1 not implemented' };
    }
  }

  #hello(name: string): SmtpReply {
    if (name === '') return { code: 501, text: '5.5.4 EHLO wants a name' };
    this.#greeted = true;
    this.#reset();
    const offer = this.#secure ? 'AUTH PLAIN LOGIN' : 'STARTTLS';
    const lines = ['sandbox.invalid', 'PIPELINING', `SIZE ${MOST_MAIL}`, '8BITMIME', 'SMTPUTF8', offer];
    return { code: 250, text: [...lines, 'ENHANCEDSTATUSCODES'].join('\n') };
  }

  #startTls(): SmtpReply | undefined {
    if (this.#secure) return { code: 503, text: '5.5.1 TLS is on' };
    this.reply({ code: 220, text: '2.0.0 go ahead' });
    this.#received = NOTHING;
    this.#greeted = false;
    this.#secure = true;
    this.#socket.removeAllListeners('data');
    this.#socket = new TLSSocket(this.#socket, { isServer: true, secureContext: this.#rules.secureContext });
    this.#listen();
    return undefined;
  }

  #auth(argument: string): SmtpReply {
    const [mechanism = '', initial] = argument.split(' ');
    if (!this.#secure) return { code: 538, text: '5.7.11 encryption required' };
    if (this.#account) return { code: 503, text: '5.5.1 signed in already' };
    if (mechanism.toUpperCase() === 'PLAIN') {
      const signIn = (base64: string): SmtpReply => this.#signIn(...plainIn(base64));
      return initial === undefined ? this.#ask('', signIn) : signIn(initial);
    }
    if (mechanism.toUpperCase() !== 'LOGIN') return { code: 504, text: '5.5.4 PLAIN or LOGIN' };
    return this.#ask('VXNlcm5hbWU6', (user) =>
      this.#ask('UGFzc3dvcmQ6', (password) => this.#signIn(decoded(user), decoded(password))),
    );
  }

  #ask(challenge: string, take: (line: string) => SmtpReply): SmtpReply {
    this.#state = { name: 'credential', take };
    return { code: 334, text: challenge };
  }

  #signIn(user: string, password: string): SmtpReply {
    this.#account = this.#rules.isAccount(user, password);
    return this.#account ? { code: 235, text: '2.7.0 welcome' } : { code: 535, text: '5.7.8 wrong user or password' };
  }

  #mail(argument: string): SmtpReply {
    if (!this.#greeted) return { code: 503, text: '5.5.1 EHLO first' };
    if (!this.#secure) return { code: 530, text: '5.7.0 STARTTLS first' };
    if (!this.#account) return { code: 530, text: '5.7.0 sign in first' };
    if (this.#from !== undefined) return { code: 503, text: '5.5.1 one mail at a time' };
    const from = pathIn(argument, 'FROM');
    if (from === undefined) return { code: 501, text: '5.5.4 MAIL FROM:<address>' };
    const refused = this.#rules.sender(from);
    if (refused) return refused;
    this.#from = from;
    return OK;
  }

  #rcpt(argument: string): SmtpReply | undefined {
    if (this.#from === undefined) return { code: 503, text: '5.5.1 MAIL first' };
    const to = pathIn(argument, 'TO');
    if (to === undefined) return { code: 501, text: '5.5.4 RCPT TO:<address>' };
    this.#wait((answer) =>
      this.#rules.receiver(to, this, (reply) => {
        if (reply.code === 250) this.#to = [...this.#to, to];
        answer(reply);
      }),
    );
    return undefined;
  }

  #data(): SmtpReply {
    if (this.#to.length === 0) return { code: 503, text: '5.5.1 RCPT first' };
    this.#state = { name: 'mail' };
    return { code: 354, text: 'go on' };
  }
}

function plainIn(base64: string): [user: string, password: string] {
  const [, user = '', password = ''] = decoded(base64).split('\0');
  return [user, password];
}

/** CR and LF come together only (RFC 5321 section 2.3.8), and lines are short. */
function lineFault(mail: Buffer): SmtpReply | undefined {
  const lines = mail.toString('latin1').split('\r\n');
  if (lines.some((line) => line.includes('\n') || line.includes('\r')))
    return { code: 550, text: '5.6.0 bare CR or LF' };
  if (lines.some((line) => line.length > MOST_LINE - 2)) return { code: 500, text: '5.6.0 line too long' };
  return undefined;
}

/** A line that begins with a dot has one more (RFC 5321 section 4.5.2). */
const unstuffed = (mail: Buffer): Buffer => Buffer.from(mail.toString('latin1').replace(/^\.(?=.)/gm, ''), 'latin1');
