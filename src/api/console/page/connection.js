const STORED = 'martlet.console.key';
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** A hidden tab receives nothing. */
const HIDDEN_MS = 30_000;
/** Figures come every second, or a little less often. Without any for so long, the connection is dead. */
const SILENT_MS = 30_000;

/** @type {string | undefined} */
let key;

/** Kept for this tab alone; where the browser keeps nothing, until the page is left. */
export function storedKey() {
  try {
    key ??= sessionStorage.getItem(STORED) ?? undefined;
  } catch {
    // Storage is off.
  }
  return key;
}

/** @param {string | undefined} value */
export function setKey(value) {
  key = value;
  try {
    if (value === undefined) sessionStorage.removeItem(STORED);
    else sessionStorage.setItem(STORED, value);
  } catch {
    // Storage is off.
  }
}

/** An answer that is no success. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {readonly { path: string, reason: string }[]} details
   */
  constructor(status, message, details = []) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/**
 * An answer that is a success. Paths are taken relative to the page, which may be served below another path by a proxy.
 * @param {string} path with its first slash
 * @param {RequestInit} [init]
 * @throws {Refused}
 */
export async function request(path, init = {}) {
  const url = new URL(path.slice(1), document.baseURI);
  const response = await fetch(url, {
    cache: 'no-store',
    ...init,
    headers: { ...init.headers, ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }) },
  });
  if (response.ok) return response;
  const text = await response.text();
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    body = { message: text.slice(0, 200) };
  }
  throw new Refused(response.status, String(body.message ?? response.statusText), body.details);
}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<any>} the JSON of the answer
 * @throws {Refused}
 */
export const ask = async (path, init) => (await request(path, init)).json();

/**
 * Events of a stream (text/event-stream) whose data are JSON in one line.
 * @param {ReadableStream<Uint8Array>} body
 * @param {(name: string, data: any) => void} onEvent
 * @param {() => void} onBytes
 */
async function readEvents(body, onEvent, onBytes) {
  const reader = body.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onBytes();
    const blocks = (rest + value).split('\n\n');
    rest = /** @type {string} */ (blocks.pop());
    for (const block of blocks) {
      const [, name = '', data = ''] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      if (name !== '') onEvent(name, JSON.parse(data));
    }
  }
}

/**
 * Coming again with the same key does not help.
 * @param {Refused} refused
 * @param {boolean} wasIn the key was good before
 */
const isFinal = ({ status }, wasIn) => status === 401 || status === 403 || (status === 429 && !wasIn);

/** @typedef {'connecting' | 'live' | 'lost' | 'paused'} State */

/**
 * Keeps the stream of events open until `stop` is called or the key is refused: reconnects when it ends, and pauses while
 * the tab is hidden.
 * @param {{ onEvent: (name: string, data: any) => void, onState: (state: State, why?: string) => void, onRefused: (refused: Refused) => void }} to
 * @returns {{ stop: () => void }}
 */
export function openStream({ onEvent, onState, onRefused }) {
  let stopped = false;
  let abort = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let hiding;

  /** @returns {Promise<'nothing' | 'something' | 'again'>} what came; `again`: the server wants to see the key again */
  const once = async () => {
    abort = new AbortController();
    const { signal } = abort;
    /** @type {'nothing' | 'something' | 'again'} */
    let came = 'nothing';
    let silence = setTimeout(() => abort.abort(), SILENT_MS);
    try {
      const { body } = await request('/v1/console/events', { signal });
      const alive = () => {
        came = 'something';
        clearTimeout(silence);
        silence = setTimeout(() => abort.abort(), SILENT_MS);
      };
      const tell = (/** @type {string} */ name, /** @type {any} */ data) => {
        if (name === 'again') came = 'again';
        else if (!signal.aborted) onEvent(name, data);
      };
      if (body) await readEvents(body, tell, alive);
    } finally {
      clearTimeout(silence);
    }
    return came;
  };

  const visible = () =>
    new Promise((resolve) => {
      if (!document.hidden) resolve(undefined);
      else document.addEventListener('visibilitychange', resolve, { once: true });
    });

  const run = async () => {
    let pause = FIRST_PAUSE_MS;
    let wasIn = false;
    let why = '';
    while (!stopped) {
      if (document.hidden) onState('paused');
      await visible();
      if (stopped) return;
      onState('connecting');
      try {
        const came = await once();
        if (came === 'again') continue;
        if (came === 'something') {
          pause = FIRST_PAUSE_MS;
          wasIn = true;
        }
        why = '';
      } catch (error) {
        if (stopped) return;
        if (error instanceof Refused && isFinal(error, wasIn)) {
          onRefused(error);
          return;
        }
        why = error instanceof Refused ? error.message : '';
      }
      if (stopped) return;
      onState(document.hidden ? 'paused' : 'lost', why);
      await new Promise((resolve) => setTimeout(resolve, pause * (0.75 + Math.random() / 2)));
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    }
  };

  const onVisibility = () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(() => abort.abort(), HIDDEN_MS);
  };
  document.addEventListener('visibilitychange', onVisibility);
  void run();
  return {
    stop() {
      stopped = true;
      clearTimeout(hiding);
      document.removeEventListener('visibilitychange', onVisibility);
      abort.abort();
    },
  };
}
