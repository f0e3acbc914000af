import { parseArgs } from 'node:util';

export interface Options {
  /** Samples of each row; the table shows their median. */
  readonly runs: number;
  /** Small sizes: for a look, not for a figure. */
  readonly quick: boolean;
  /** Only scenarios whose name contains one of these; empty: all. */
  readonly only: readonly string[];
  /** Command of another Gorush-compatible server with `{config}` in it; runs beside Martlet. */
  readonly peer: string | undefined;
  /** Run the built `dist/main.js` instead of `src/main.ts`. */
  readonly dist: boolean;
  /** Replace the table in docs/benchmarks.md. */
  readonly writeDocs: boolean;
  /** Folder with an earlier Martlet, whose `src/main.ts` runs beside ours in `hub-off`; undefined: none. */
  readonly before: string | undefined;
  /** People, each with a device, that the hub sends to in `hub-everyone`. */
  readonly people: number;
  /** Folder for a CPU profile of each relay process; undefined: none. */
  readonly profile: string | undefined;
}

export const USAGE = `usage: npm run bench -- [options]

  --quick            small sizes and one run
  --only NAME        only scenarios whose name contains NAME; may be repeated
  --runs N           samples of each row (default: BENCH_RUNS, else 5)
  --dist             run dist/main.js (npm run build) instead of src/main.ts
  --peer COMMAND     run another Gorush-compatible server beside Martlet: "gorush -c {config}" (Linux, root)
  --before FOLDER    a checkout of an earlier Martlet, which runs in hub-off beside this one
  --people N         people that hub-everyone sends to (default 100000)
  --profile FOLDER   write a CPU profile of each relay process; read it with: node bench/profile.ts FILE
  --write-docs       replace the table in docs/benchmarks.md
`;

const PEOPLE = 100_000;
const QUICK_PEOPLE = 20_000;

/** @throws TypeError for an option that does not exist; Error for a number that is none. */
export function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      runs: { type: 'string' },
      dist: { type: 'boolean', default: false },
      peer: { type: 'string' },
      before: { type: 'string' },
      people: { type: 'string' },
      profile: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const runs = Number(values.runs ?? env.BENCH_RUNS ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs: ${values.runs ?? env.BENCH_RUNS} is not a number of runs`);
  const people = Number(values.people ?? (values.quick ? QUICK_PEOPLE : PEOPLE));
  if (!Number.isInteger(people) || people < 1) throw new Error(`--people: ${values.people} is not a number of people`);
  return {
    runs,
    people,
    before: values.before,
    quick: values.quick,
    only: values.only,
    peer: values.peer,
    dist: values.dist,
    writeDocs: values['write-docs'],
    profile: values.profile,
  };
}
