/** A desktop as a browser sees it: a message bus with a service that shows notifications, on which a person can click. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { CALL, type Fields, type Message, messageBytes, RETURN, readMessage, SIGNAL, WireWriter } from './dbus-wire.ts';

/** https://specifications.freedesktop.org/notification-spec/ */
const SERVICE = 'org.freedesktop.Notifications';
const PATH = '/org/freedesktop/Notifications';

export interface ShownNotification {
  readonly id: number;
  readonly title: string;
  readonly body: string;
  /** Names of what can be clicked, with their words. */
  readonly actions: Readonly<Record<string, string>>;
}

export interface Desktop extends AsyncDisposable {
  /** For the environment of what runs on this desktop. */
  readonly DBUS_SESSION_BUS_ADDRESS: string;
  /** What is shown, the oldest first. */
  readonly shown: readonly ShownNotification[];
  /** The person clicks. @param action `default`: the notification itself */
  click(id: number, action: string): void;
}

class NotificationService {
  readonly shown: ShownNotification[] = [];
  readonly #socket: Socket;
  #serial = 0;
  #id = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Signs in as the account that runs this, and takes the name of the service. */
  async begin(): Promise<void> {
    const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
    this.#socket.write(`\0AUTH EXTERNAL ${uid}\r\n`);
    await once(this.#socket, 'data');
    this.#socket.write('BEGIN\r\n');
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes));
    this.#askBus('Hello');
    this.#askBus('RequestName', 'su', new WireWriter().text(SERVICE).number(0).bytes());
  }

  click(id: number, action: string): void {
    const body = new WireWriter().number(id).text(action).bytes();
    this.#send(SIGNAL, { path: PATH, interface: SERVICE, member: 'ActionInvoked', signature: 'us' }, body);
  }

  #askBus(member: string, signature?: string, body: Buffer = Buffer.alloc(0)): void {
    const bus = 'org.freedesktop.DBus';
    const to = { path: '/org/freedesktop/DBus', interface: bus, destination: bus };
    this.#send(CALL, { ...to, member, ...(signature ? { signature } : {}) }, body);
  }

  #send(type: number, fields: Fields, body: Buffer): void {
    this.#socket.write(messageBytes(type, ++this.#serial, fields, body));
  }

  #read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (let read = readMessage(this.#rest); read; read = readMessage(this.#rest)) {
      this.#rest = this.#rest.subarray(read.length);
      if (read.message.type === CALL) this.#answer(read.message);
    }
  }

  #answer({ serial, fields, body }: Message): void {
    const reply = (signature: string, write: (to: WireWriter) => WireWriter): void =>
      this.#send(
        RETURN,
        { reply: serial, destination: fields.sender ?? '', signature },
        write(new WireWriter()).bytes(),
      );
    if (fields.member === 'GetCapabilities') reply('as', (to) => to.texts(['actions', 'body', 'persistence']));
    else if (fields.member === 'GetServerInformation')
      reply('ssss', (to) => to.text('desktop of a test').text('martlet').text('1').text('1.2'));
    else if (fields.member === 'Notify') {
      const id = this.#show(body);
      reply('u', (to) => to.number(id));
    } else this.#send(RETURN, { reply: serial, destination: fields.sender ?? '' }, Buffer.alloc(0));
  }

  #show(body: Message['body']): number {
    // Name of the program, what it replaces, icon.
    body.text();
    const replaced = body.number();
    body.text();
    const [title, text, names] = [body.text(), body.text(), body.texts()];
    const id = replaced || ++this.#id;
    const pairs = names.flatMap((name, at) => (at % 2 === 0 ? [[name, names[at + 1] as string] as const] : []));
    this.shown.push({ id, title, body: text, actions: Object.fromEntries(pairs) });
    return id;
  }
}

export async function openDesktop(): Promise<Desktop> {
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [address] = (await once(createInterface(bus.stdout), 'line')) as [string];
  const socket = connect(/unix:path=([^,]+)/.exec(address)?.[1] as string);
  const service = new NotificationService(socket);
  await service.begin();
  return {
    DBUS_SESSION_BUS_ADDRESS: address,
    shown: service.shown,
    click: (id, action) => service.click(id, action),
    async [Symbol.asyncDispose]() {
      socket.destroy();
      bus.kill();
      if (bus.exitCode === null && bus.signalCode === null) await once(bus, 'exit');
    },
  };
}
