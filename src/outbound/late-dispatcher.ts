import type { Dispatcher } from 'undici';
import { background } from '../kit/background.ts';

/** What a dispatcher is asked for: undici's functions call `dispatch` alone. */
type Way = Pick<Dispatcher, 'dispatch'>;

interface Opened extends Way {
  destroy(): Promise<void>;
}

class ClosedError extends Error {
  readonly code = 'UND_ERR_DESTROYED';
  constructor() {
    super('the way out is closed');
  }
}

/** Opens its dispatcher with the first request. What comes meanwhile waits; a failure to open is that of the requests which wait. */
class LateDispatcher implements Way {
  readonly #open: () => Promise<Opened>;
  #opening: Promise<Opened> | undefined;
  #opened: Opened | undefined;
  #closed = false;

  constructor(open: () => Promise<Opened>) {
    this.#open = open;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (this.#opened) return this.#opened.dispatch(options, handler);
    background(this.#dispatchLate(options, handler), (error) => refuse(handler, error));
    return true;
  }

  async destroy(): Promise<void> {
    this.#closed = true;
    const opened = await this.#opening?.catch(() => undefined);
    await opened?.destroy();
  }

  async #dispatchLate(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): Promise<void> {
    const opened = await this.#ready();
    opened.dispatch(options, handler);
  }

  async #ready(): Promise<Opened> {
    if (this.#closed && !this.#opening) throw new ClosedError();
    this.#opening ??= this.#open();
    const opening = this.#opening;
    try {
      this.#opened = await opening;
    } catch (error) {
      if (this.#opening === opening) this.#opening = undefined;
      throw error;
    }
    return this.#opened;
  }
}

const refuse = (handler: Dispatcher.DispatchHandler, error: Error): void =>
  // Types of undici 8 want a controller, which its own interceptors do not have either before a request begins.
  handler.onResponseError?.(null as unknown as Dispatcher.DispatchController, error);

/**
 * A dispatcher that costs nothing before its first request.
 * @param open is called with it, and with the next one where it failed. The caller closes what is returned, by `destroy`.
 */
export const lateDispatcher = (open: () => Promise<Opened>): Dispatcher =>
  new LateDispatcher(open) as unknown as Dispatcher;
