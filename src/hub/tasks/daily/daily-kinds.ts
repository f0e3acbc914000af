/** What people hear of their tasks once a day. */
export const dailyKinds = ['reminder', 'overdue', 'digest'] as const;
export type DailyKind = (typeof dailyKinds)[number];
