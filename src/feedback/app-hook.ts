import type { Dispatcher } from 'undici';
import { createMailboxSigner, createSigner } from '../kit/http/webhook-signature.ts';
import { parseHeaders } from './headers.ts';
import { type HookTarget, hookMistake } from './hook-target.ts';
import { createPost, type Post } from './post.ts';

export interface AppHookOptions {
  /** The target of this moment; undefined: the app has none. */
  readonly target: () => HookTarget | undefined;
  /** For hooks that may be at private addresses, and for those that may not. */
  readonly dispatcher: Dispatcher;
  readonly guarded: Dispatcher;
  /** Told of headers that cannot be sent; their names, never a value. */
  readonly unusable: (headers: readonly string[]) => void;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** The hook of one app as it is now. */
export type HookState =
  | { readonly name: 'none' }
  /** It cannot be called until its settings are corrected. `why`: what is wrong, without secrets. */
  | { readonly name: 'uncallable'; readonly why: string }
  /** `origin` for the log: path, query and user of a hook are often its secret. */
  | { readonly name: 'open'; readonly origin: string; readonly post: Post };

const NONE: HookState = { name: 'none' };

function open(target: HookTarget, options: AppHookOptions): HookState {
  const mistake = hookMistake(target);
  if (mistake !== undefined) return { name: 'uncallable', why: `its ${mistake}` };
  const { headers, unusable } = parseHeaders(target.headers);
  if (unusable.length > 0) options.unusable(unusable);
  const url = new URL(target.url);
  const post = createPost({
    url,
    headers,
    timeoutMs: target.timeoutMs,
    followRedirects: target.trusted === true,
    sign: (target.format === 'mailbox' ? createMailboxSigner : createSigner)(target.secrets),
    dispatcher: target.allowPrivate ? options.dispatcher : options.guarded,
    now: options.now,
  });
  return { name: 'open', origin: url.origin, post };
}

/** Follows an app's hook as it is set, changed and removed. */
export function createAppHook(options: AppHookOptions): () => HookState {
  let known: HookTarget | undefined;
  let state = NONE;
  return () => {
    const target = options.target();
    if (target === known) return state;
    known = target;
    state = target ? open(target, options) : NONE;
    return state;
  };
}
