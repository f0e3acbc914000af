type Call = (...args: unknown[]) => void;

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly call: Call;
  /** Milliseconds between two calls of an interval. */
  readonly every: number | undefined;
  /** Belongs to the world, not to the process: a crash leaves it. */
  readonly world: boolean;
}

const REPLACED = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
] as const;

/**
 * A clock that stands still while code runs and leaps to the next timer when it rests. Replaces the timers of the process
 * under test, which a crash takes with it; the test's own events are set with `after` and stay. Promises stay real.
 */
export class VirtualTime {
  /** Milliseconds. */
  now = 0;
  #order = 0;
  #alarms: Alarm[] = [];
  #immediates: { call: Call; cancelled: boolean }[] = [];
  readonly #real = Object.fromEntries(REPLACED.map((name) => [name, globalThis[name]])) as Pick<
    typeof globalThis,
    (typeof REPLACED)[number]
  >;
  readonly #bind: (call: Call) => Call;

  /** @param bind makes a call of the process under test one that knows who has planned it: there may be several processes */
  constructor(bind: (call: Call) => Call = (call) => call) {
    this.#bind = bind;
  }

  install(): void {
    const clearAlarm = (alarm: Alarm | undefined): void => {
      if (alarm) this.#alarms = this.#alarms.filter((other) => other.order !== alarm.order);
    };
    Object.assign(globalThis, {
      setTimeout: (call: Call, ms = 0) => this.#add(this.#bind(call), Math.max(1, ms), undefined, false),
      setInterval: (call: Call, ms = 0) => this.#add(this.#bind(call), Math.max(1, ms), Math.max(1, ms), false),
      setImmediate: (call: Call) => {
        const immediate = { call: this.#bind(call), cancelled: false };
        this.#immediates.push(immediate);
        return immediate;
      },
      clearTimeout: clearAlarm,
      clearInterval: clearAlarm,
      clearImmediate: (immediate?: { cancelled: boolean }) => {
        if (immediate) immediate.cancelled = true;
      },
    });
  }

  uninstall(): void {
    Object.assign(globalThis, this.#real);
  }

  /** An event of the world around the process, `ms` from now. */
  after(ms: number, call: () => void): void {
    this.#add(call, ms, undefined, true);
  }

  /** The process ends here: nothing that it has planned will happen. */
  crash(): void {
    this.#immediates = [];
    this.#alarms = this.#alarms.filter((alarm) => alarm.world);
  }

  /** Runs everything that is due up to `until`, or until `done`. */
  async run(until: number, done: () => boolean): Promise<void> {
    for (;;) {
      // A real turn of the loop lets every promise settle before the next virtual event.
      await new Promise((resolve) => this.#real.setImmediate(resolve as Call));
      if (done()) return;
      const immediate = this.#immediates.shift();
      if (immediate) {
        if (!immediate.cancelled) immediate.call();
        continue;
      }
      const alarm = this.#alarms.shift();
      if (!alarm) return;
      if (alarm.at > until) {
        this.#insert(alarm);
        this.now = until;
        return;
      }
      this.now = Math.max(this.now, alarm.at);
      if (alarm.every !== undefined) this.#insert({ ...alarm, at: alarm.at + alarm.every });
      alarm.call();
    }
  }

  #add(call: Call, ms: number, every: number | undefined, world: boolean) {
    const alarm = { at: this.now + ms, order: this.#order++, call, every, world, unref: () => alarm, ref: () => alarm };
    this.#insert(alarm);
    return alarm;
  }

  #insert(alarm: Alarm): void {
    let i = this.#alarms.length;
    while (i > 0 && isLater(this.#alarms[i - 1] as Alarm, alarm)) i--;
    this.#alarms.splice(i, 0, alarm);
  }
}

const isLater = (a: Alarm, b: Alarm): boolean => a.at > b.at || (a.at === b.at && a.order > b.order);
