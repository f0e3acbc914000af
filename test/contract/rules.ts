/** A scripted answer: what it matches, how often, and what it says. Vocabulary of the corpus. */
export interface Rule {
  readonly host?: string;
  readonly path?: string;
  readonly token?: string;
  /** That many matches pass first. */
  readonly skip?: number;
  /** Then that many are answered, and the rule is spent. */
  readonly times?: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly delayMs?: number;
  readonly hang?: boolean;
  readonly destroy?: boolean;
}
export type RuleScript = readonly Rule[];

export interface Asked {
  readonly host: string;
  readonly path: string;
  /** Device token, topic or condition; absent where the request has none. */
  readonly token: unknown;
}

interface Live {
  readonly rule: Rule;
  skip: number;
  times: number;
}

const applies = ({ rule, times }: Live, asked: Asked): boolean =>
  times > 0 &&
  asked.host.includes(rule.host ?? '') &&
  asked.path.includes(rule.path ?? '') &&
  (rule.token === undefined || rule.token === asked.token);

/** A script under way: the first rule that matches answers, until it is spent. */
export class Rules {
  #live: Live[] = [];

  load(script: RuleScript = []): void {
    this.#live = script.map((rule) => ({ rule, skip: rule.skip ?? 0, times: rule.times ?? Number.POSITIVE_INFINITY }));
  }

  match(asked: Asked): Rule | undefined {
    for (const live of this.#live) {
      if (!applies(live, asked)) continue;
      if (live.skip > 0) {
        live.skip -= 1;
        continue;
      }
      live.times -= 1;
      return live.rule;
    }
    return undefined;
  }
}
