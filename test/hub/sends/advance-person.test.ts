import { describe, expect, test } from 'vitest';
import { type Advanced, advancePerson, type Planned } from '../../../src/hub/sends/advance-person.ts';
import { isMarked, type Mark } from '../../../src/hub/sends/marks.ts';
import type { DecisionRow } from '../../../src/hub/sends/rows/decision-rows.ts';

const planned = (hop: number, channel: string, change: Partial<Planned> = {}): Planned => ({
  ...{
    hop,
    channel,
    device: channel === 'push' ? 'phone' : '',
    state: 'pending',
    reason: null,
    until: null,
    ...{ detail: null, platform: null },
  },
  ...change,
});

/** A person's notification, step by step. */
class Run {
  rows: DecisionRow[] = [];
  mark: Mark | undefined;
  step(now: number, fresh: readonly Planned[], again = false): Advanced {
    const row = {
      acked_at: null,
      seen_at: null,
      read_at: null,
      acted_at: null,
      ...(this.mark ? { [`${this.mark}_at`]: 1 } : {}),
    };
    const advanced = advancePerson({
      ...{ app: 'default', notification: 'n', user: 'u', fresh, kept: this.rows, now, again },
      isMarked: (mark) => isMarked(row as never, mark),
    });
    const key = ({ hop, channel, device }: { hop: number; channel: string; device: string }) =>
      `${hop} ${channel} ${device}`;
    const gone = new Set([...advanced.put, ...advanced.remove].map(key));
    this.rows = [...this.rows.filter((each) => !gone.has(key(each))), ...(advanced.put as DecisionRow[])];
    this.rows.sort((a, b) => key(a).localeCompare(key(b)));
    return advanced;
  }

  /** The provider's word about what left. */
  end(channel: string, state: string): void {
    this.rows = this.rows.map((row) => (row.channel === channel && row.due_row === null ? { ...row, state } : row));
  }

  get told(): string[] {
    return this.rows.map(
      ({ hop, channel, state, reason, until }) =>
        `${hop} ${channel} ${state}${reason === null ? '' : ` ${reason}`}${until === null ? '' : ` ${until}`}`,
    );
  }
}

const stream = planned(1, 'realtime');
const afterStream = { after: 1, unless: 'acked', wait_ms: 5000, delay_ms: 2000 } as const;
const push = planned(2, 'push', { plan: afterStream });
const mail = planned(3, 'email', { plan: { after: 2, unless: 'seen' } });
const all = [stream, push, mail];

describe('a person of a hybrid notification', () => {
  test('has the stream at once, and sees the rest of the plan', () => {
    const run = new Run();
    const { leave, dueAt } = run.step(1000, all);
    expect(leave.map(({ channel }) => channel)).toEqual(['realtime']);
    expect(dueAt).toBe(8000);
    expect(run.told).toEqual(['1 realtime sent', '2 push pending 8000', '3 email pending']);
  });

  test('has the push after the wait, and no mail once that was sent', () => {
    const run = new Run();
    run.step(1000, all);
    run.end('realtime', 'sent');
    expect(run.step(5000, all)).toMatchObject({ leave: [], dueAt: 8000 });
    expect(run.step(8000, all).leave.map(({ channel }) => channel)).toEqual(['push']);
    run.end('push', 'sent');
    run.step(8100, all);
    expect(run.told).toEqual(['1 realtime sent', '2 push sent', '3 email cancelled superseded']);
  });

  test('has the mail at once when no push could be sent', () => {
    const run = new Run();
    run.step(1000, all);
    run.end('realtime', 'sent');
    const none = [
      stream,
      planned(2, 'push', { device: '', state: 'suppressed', reason: 'no_devices' }),
      planned(3, 'email', { plan: afterStream }),
    ];
    expect(run.step(8000, none).leave.map(({ channel }) => channel)).toEqual(['email']);
    expect(run.told).toEqual(['1 realtime sent', '2 push suppressed no_devices', '3 email pending']);
  });

  test('has the mail when the push failed for good', () => {
    const run = new Run();
    run.step(1000, all);
    run.end('realtime', 'sent');
    run.step(8000, all);
    run.end('push', 'failed');
    expect(run.step(8500, all).leave.map(({ channel }) => channel)).toEqual(['email']);
  });

  test('has the push on each device that wants it, whatever the others do', () => {
    const run = new Run();
    const off = planned(2, 'push', { device: 'tablet', state: 'suppressed', reason: 'channel_disabled' });
    run.step(1000, [stream, push, off]);
    expect(run.told).toEqual(['1 realtime sent', '2 push pending 8000', '2 push suppressed channel_disabled']);
    expect(run.step(8000, [stream, push, { ...off, state: 'pending', reason: null }]).leave).toMatchObject([
      { device: 'phone' },
    ]);
    expect(run.told).toEqual(['1 realtime sent', '2 push pending', '2 push suppressed channel_disabled']);
  });

  test('gets nothing more after an acknowledgement', () => {
    const run = new Run();
    run.step(1000, all);
    run.end('realtime', 'sent');
    run.mark = 'acked';
    expect(run.step(8000, all)).toMatchObject({ leave: [], dueAt: undefined });
    expect(run.told).toEqual(['1 realtime sent', '2 push cancelled acked', '3 email cancelled acked']);
  });
});

describe('what is held', () => {
  const held = (until: number) => [
    planned(1, 'realtime'),
    planned(1, 'push', { state: 'deferred', reason: 'quiet_hours', until }),
  ];

  test('waits until its time, is decided anew then, and leaves', () => {
    const run = new Run();
    expect(run.step(1000, held(9000))).toMatchObject({ dueAt: 9000 });
    run.end('realtime', 'sent');
    expect(run.step(5000, [planned(1, 'realtime'), planned(1, 'push')])).toMatchObject({ leave: [], dueAt: 9000 });
    expect(run.step(9000, [planned(1, 'realtime'), planned(1, 'push')]).leave.map(({ channel }) => channel)).toEqual([
      'push',
    ]);
    expect(run.told).toEqual(['1 push pending', '1 realtime sent']);
  });

  test('is planned anew when settings change before that', () => {
    const run = new Run();
    run.step(1000, held(9000));
    run.end('realtime', 'sent');
    expect(run.step(5000, held(7000), true).dueAt).toBe(7000);
    const gone = [
      planned(1, 'realtime'),
      planned(1, 'push', { device: '', state: 'suppressed', reason: 'channel_disabled' }),
    ];
    expect(run.step(7000, gone)).toMatchObject({ leave: [], dueAt: undefined });
    expect(run.told).toEqual(['1 push suppressed channel_disabled', '1 realtime sent']);
  });

  test('holds the hop after it, whose wait counts from the sending', () => {
    const run = new Run();
    const push = planned(1, 'push', { state: 'deferred', reason: 'quiet_hours', until: 9000 });
    const sms = planned(2, 'sms', { plan: { after: 1, unless: 'seen', wait_ms: 600 } });
    expect(run.step(1000, [push, sms]).dueAt).toBe(9000);
    expect(run.told).toEqual(['1 push deferred quiet_hours 9000', '2 sms pending']);
    expect(run.step(9000, [planned(1, 'push'), sms]).dueAt).toBe(9600);
    run.end('push', 'sent');
    expect(run.step(9600, [planned(1, 'push'), sms]).leave.map(({ channel }) => channel)).toEqual(['sms']);
  });
});
