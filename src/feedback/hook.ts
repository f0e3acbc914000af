export interface FeedbackHook { events: object; stats(): { backlog: number; sent: number; failed: number; dropped: number }; drain(ms: number): Promise<void>; close(): Promise<void> }
export function createFeedbackHook(_o: unknown): FeedbackHook {
  return { events: {}, stats: () => ({ backlog: 0, sent: 0, failed: 0, dropped: 0 }), drain: async () => {}, close: async () => {} };
}
