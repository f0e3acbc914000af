/** Events of a stream, as they come. */
export interface EventReader extends AsyncDisposable {
  readonly status: number;
  /** The next event of this name. @throws when the stream ends before */
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  next(name: string): Promise<any>;
  /** Names of what came so far. */
  readonly names: readonly string[];
  /** Resolves when the other side has ended the stream. */
  ended(): Promise<void>;
}

export async function readEvents(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
  const abort = new AbortController();
  const response = await fetch(url, { headers, signal: abort.signal });
  const reader = (response.body as NonNullable<Response['body']>).pipeThrough(new TextDecoderStream()).getReader();
  const names: string[] = [];
  const waiting: { name: string; value: unknown }[] = [];
  let rest = '';
  const more = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    if (done) return false;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() as string;
    for (const block of blocks) {
      const [, name = '', text = ''] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      names.push(name);
      waiting.push({ name, value: JSON.parse(text) });
    }
    return true;
  };
  return {
    status: response.status,
    names,
    async next(name) {
      for (;;) {
        const place = waiting.findIndex((event) => event.name === name);
        if (place >= 0) return waiting.splice(0, place + 1)[place]?.value;
        if (!(await more())) throw new Error(`the stream ended; there was ${names.join(', ')}`);
      }
    },
    async ended() {
      while (await more());
    },
    async [Symbol.asyncDispose]() {
      abort.abort();
      await reader.cancel().catch(() => {});
    },
  };
}
