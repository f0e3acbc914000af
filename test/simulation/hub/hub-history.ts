import type { PresenceState } from '../../../src/hub/notifications/decide-input.ts';
import { openDoc } from '../../../src/hub/sends/rows/notification-rows.ts';
import { background } from '../../../src/kit/background.ts';
import { SeededRandom } from '../seeded-random.ts';
import { VirtualTime } from '../virtual-time.ts';
import { CommitLog } from './commit-log.ts';
import { HubLedger } from './hub-ledger.ts';
import { type HubProcess, openHubProcess } from './hub-process.ts';
import { bindTo, current, Life, Request, runIn } from './lives.ts';
import { Model } from './model.ts';
import { type Asked, isAnswer, Requests } from './requests.ts';
import { SharedStore } from './shared-store.ts';
import { type Fate, QueueFile, SimCarrier } from './sim-carrier.ts';

export interface HubReport {
  readonly seed: number;
  readonly accepted: number;
  readonly decisions: number;
  readonly attempts: number;
  readonly duplicates: number;
  readonly crashes: number;
  readonly stalls: number;
  readonly violations: readonly string[];
}

/** Noon. */
const EPOCH = Date.UTC(2026, 10, 2, 12);
const FATES: readonly Fate[] = ['accept', 'accept', 'accept', 'accept', 'receipt', 'dead', 'refuse', 'busy', 'lost'];
/** Everything has ended before: waits, quiet hours and leases are minutes, and an item is in three digests at most, an hour apart. */
const PATIENCE_MS = 4 * 3_600_000;

/** How often it is looked whether all has ended. */
const LOOK_MS = 500;
const OPEN = [
  "SELECT * FROM decisions WHERE state IN ('pending', 'deferred')",
  "SELECT id, status FROM notifications WHERE status IN ('pending', 'scheduled')",
  'SELECT id, due_at, claimed_by FROM due',
  'SELECT batch, instance, doc FROM handovers',
  'SELECT notification, key FROM digest_items',
];

/** What a seed makes of a history. */
function draw(random: SeededRandom) {
  const isCalm = random.chance(0.15);
  const some = (probability: number): number => (!isCalm && random.chance(0.5) ? probability : 0);
  return {
    isCalm,
    instances: random.pick([1, 2, 2]),
    lengthMs: random.between(20_000, 90_000),
    requests: random.between(10, 30),
    page: random.pick([2, 500]),
    /** Dice for each use of the store. */
    fails: some(0.01),
    losesAnswer: some(0.01),
    repeats: some(0.03),
    crashes: some(0.004),
    slow: some(0.1),
    /** Dice for each batch or outcome. */
    full: some(0.1),
    twice: some(0.15),
    late: some(0.2),
    provider: random.pick([0, 0.1, 0.4]),
    kills: isCalm ? 0 : random.between(0, 3),
    stalls: isCalm ? 0 : random.between(0, 2),
    clockJumps: isCalm ? 0 : random.between(0, 1),
    lostQueue: !isCalm && random.chance(0.2),
  };
}

/** A host, with what outlives the process on it. */
interface Host {
  readonly name: string;
  readonly queue: { file: QueueFile };
  skewMs: number;
  process: HubProcess | undefined;
}

interface DigestDoc {
  readonly data: { readonly items: readonly { readonly id: string }[] };
  readonly priority: 'low' | 'medium' | 'critical';
  readonly push_to?: readonly string[];
}

let opened: Promise<SharedStore> | undefined;
let log: CommitLog | undefined;

interface HistoryParts {
  readonly time: VirtualTime;
  readonly shared: SharedStore;
  readonly commits: CommitLog;
  readonly tell: ((line: string) => void) | undefined;
}

class HubHistory {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #plan: ReturnType<typeof draw>;
  readonly #shared: SharedStore;
  readonly #model = new Model();
  readonly #ledger: HubLedger;
  readonly #requests: Requests;
  readonly #hosts: readonly Host[];
  readonly #answered = new Map<string, unknown>();
  readonly #presence = new Map<string, PresenceState>();
  #faulty = true;
  #serial = 0;
  #crashes = 0;
  #stalls = 0;

  constructor(seed: number, { time, shared, commits, tell }: HistoryParts) {
    this.#time = time;
    this.#shared = shared;
    this.#random = new SeededRandom(seed);
    this.#plan = draw(this.#random);
    const now = (): number => time.now;
    this.#ledger = new HubLedger({
      ...{ model: this.#model, log: commits, now, tell },
      digest: (id) => this.#digest(id),
    });
    this.#requests = new Requests({
      ...{ random: this.#random, model: this.#model, ledger: this.#ledger, answered: this.#answered },
      wall: () => EPOCH + time.now,
      onCommit: (meaning) => shared.onCommit(meaning),
    });
    this.#hosts = ['one', 'two'].slice(0, this.#plan.instances).map((name) => ({
      ...{ name, queue: { file: new QueueFile() }, skewMs: 0, process: undefined },
    }));
    shared.begin({
      faults: this.#faults(),
      ...{ now, after: (ms, call) => time.after(ms, call), crash: (life) => this.#end(life) },
      committed: (life) => this.#committed(life),
    });
    commits.take();
  }

  async run(seed: number): Promise<HubReport> {
    this.#faulty = false;
    for (const host of this.#hosts) this.#start(host);
    for (const asked of this.#requests.first()) this.#ask(asked);
    await this.#time.run(1000, () => false);
    this.#faulty = !this.#plan.isCalm;
    this.#schedule();
    await this.#time.run(1000 + this.#plan.lengthMs, () => false);
    this.#faulty = false;
    for (const host of this.#hosts) if (!host.process) this.#start(host);
    const end = this.#time.now + PATIENCE_MS;
    do await this.#time.run(this.#time.now + LOOK_MS, () => false);
    while (this.#time.now < end && !this.#isSettled());
    this.#ledger.close(this.#isSettled() ? [] : this.#open());
    this.#complete();
    for (const host of this.#hosts) if (host.process) host.process.life.isOver = true;
    return this.#report(seed);
  }

  #report(seed: number): HubReport {
    const { violations, attempts, duplicates } = this.#ledger;
    if (this.#plan.isCalm && this.#plan.provider === 0 && duplicates > 0)
      violations.push(`${duplicates} duplicates though nothing went wrong`);
    const { count } = this.#shared.file.prepare('SELECT count(*) AS count FROM decisions').get() as { count: number };
    const { accepted, crashes, stalls } = {
      accepted: this.#answered.size,
      crashes: this.#crashes,
      stalls: this.#stalls,
    };
    return {
      ...{ seed, accepted, decisions: count, attempts, duplicates, crashes, stalls },
      violations: [...violations],
    };
  }

  #schedule(): void {
    const { lengthMs, requests, kills, stalls, clockJumps } = this.#plan;
    const random = this.#random;
    const some = (count: number, event: () => void): void => {
      for (let i = 0; i < count; i++) this.#time.after(random.between(0, lengthMs - 1), event);
    };
    some(requests, () => this.#ask(this.#requests.any()));
    some(kills, () => this.#kill());
    some(stalls, () => this.#stall(random.between(1000, 25_000)));
    some(clockJumps, () => {
      random.pick(this.#hosts).skewMs += random.pick([-20_000, 20_000, 40_000]);
    });
    some(random.between(0, 4), () => {
      this.#presence.set(random.pick(['ada', 'bob', 'cyd']), random.pick(['active', 'idle', 'offline'] as const));
    });
  }

  #faults() {
    const dice = (probability: number) => () => this.#faulty && this.#random.chance(probability);
    const { fails, losesAnswer, repeats, crashes, slow } = this.#plan;
    return {
      ...{ fails: dice(fails), losesAnswer: dice(losesAnswer), repeats: dice(repeats), crashes: dice(crashes) },
      delay: () => (this.#faulty && this.#random.chance(slow) ? this.#random.between(1, 300) : 0),
    };
  }

  #start(host: Host): void {
    const random = this.#random;
    const life = new Life(host.name);
    const now = (): number => EPOCH + this.#time.now + host.skewMs;
    const { full, twice, late } = this.#plan;
    const dice = (probability: number) => () => this.#faulty && random.chance(probability);
    runIn({ life }, () => {
      const carrier = new SimCarrier(host.queue.file, {
        ...{ random, now: () => this.#time.now, wall: now },
        faults: { full: dice(full), twice: dice(twice), telling: () => (dice(late)() ? random.between(1, 4000) : 0) },
        fate: () => this.#fate(),
        handedOver: ({ batch, notification }) => this.#ledger.handedOver(batch, notification.tokens),
        attempted: (batch, target, fate, asked) => this.#ledger.attempted(batch, target, fate, asked),
        ended: (batch, target, outcome) => this.#ledger.ended(batch, target, outcome),
      });
      const process = openHubProcess({
        ...{ life, store: this.#shared.opened(), carrier, now, presence: this.#presence, page: this.#plan.page },
        monotonic: () => this.#time.now,
        newId: () => `id${++this.#serial}`,
        tell: (level, message) => {
          if (level === 'error' && !message.includes('simulation')) this.#ledger.violations.push(message);
        },
      });
      host.process = process;
      carrier.restore();
      process.sends.start();
    });
  }

  #fate(): Fate {
    return this.#random.chance(this.#plan.provider) ? this.#random.pick(FATES) : 'accept';
  }

  #ask({ committed, call }: Asked): void {
    const running = this.#hosts.flatMap(({ process }) => (process ? [process] : []));
    if (running.length === 0) return;
    const process = this.#random.pick(running);
    const { life } = process;
    runIn({ life, request: new Request(committed) }, () =>
      background(
        call(process).catch((error: unknown) => {
          if (!isAnswer(error)) this.#ledger.violations.push(String((error as Error).stack));
        }),
      ),
    );
  }

  #committed(life: Life | undefined): void {
    const host = this.#hosts.find(({ process }) => process?.life === life);
    const wall = EPOCH + this.#time.now + (host?.skewMs ?? 0);
    current()?.request?.committed(wall);
    this.#ledger.committed(wall);
  }

  /** The process is gone in the middle of whatever it does; another one starts a little later. */
  #end(life: Life): void {
    const host = this.#hosts.find(({ process }) => process?.life === life);
    life.isOver = true;
    this.#crashes++;
    if (!host) return;
    host.process = undefined;
    if (this.#plan.lostQueue && this.#random.chance(0.5)) host.queue.file = new QueueFile();
    this.#time.after(this.#random.pick([100, 2000, 15_000]), () => {
      if (!host.process) this.#start(host);
    });
  }

  #kill(): void {
    const running = this.#hosts.flatMap(({ process }) => (process ? [process.life] : []));
    if (running.length > 0) this.#end(this.#random.pick(running));
  }

  #stall(ms: number): void {
    const running = this.#hosts.flatMap(({ process }) => (process ? [process.life] : []));
    if (running.length === 0) return;
    this.#stalls++;
    this.#random.pick(running).stillUntil = this.#time.now + ms;
  }

  #digest(id: string) {
    const row = this.#shared.file.prepare('SELECT app, id, doc FROM notifications WHERE id = ?').get(id);
    if (!row) throw new Error(`there is no digest ${id}`);
    const { data, priority, push_to: devices } = openDoc<DigestDoc>(this.#shared.seal, row as never);
    return { items: data.items.map((item) => item.id), priority, devices };
  }

  /** What has not ended. */
  #open(): string[] {
    const { file } = this.#shared;
    const rows = OPEN.flatMap((query) => file.prepare(query).all());
    return rows.map((row) => JSON.stringify(row));
  }

  #isSettled(): boolean {
    const { file } = this.#shared;
    return OPEN.every((query) => file.prepare(`${query} LIMIT 1`).get() === undefined);
  }

  /** Everyone who was named, and is still there, has an end of it. */
  #complete(): void {
    const has = this.#shared.file.prepare('SELECT 1 FROM decisions WHERE notification = ? AND "user" = ?');
    for (const { id, users, isCancelled, erased } of this.#model.notifications.values()) {
      if (isCancelled || users === 'everyone') continue;
      for (const user of users)
        if (this.#model.people.has(user) && !erased.has(user) && !has.get(id, user) && this.#wasThere(id, user))
          this.#ledger.violations.push(`nothing was decided about ${user} of ${id}`);
    }
  }

  /** Who was not there at the time is told of as unknown, and has no decision. */
  #wasThere(id: string, user: string): boolean {
    const answer = this.#answered.get(id) as { recipients: { ids: { unknown: readonly string[] } } } | undefined;
    return answer !== undefined && !answer.recipients.ids.unknown.includes(user);
  }
}

/** Plays the history of a seed: the same every time. @param tell hears of everything that happens */
export async function playHubHistory(seed: number, tell?: (line: string) => void): Promise<HubReport> {
  opened ??= SharedStore.open();
  const shared = await opened;
  log ??= new CommitLog(shared.file);
  const time = new VirtualTime(bindTo(() => time));
  time.install();
  try {
    return await new HubHistory(seed, { time, shared, commits: log, tell }).run(seed);
  } finally {
    time.uninstall();
  }
}
