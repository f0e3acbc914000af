import { MartletError, toError } from './errors.ts';

/**
 * A part of the program could not be loaded: trouble of this machine (no file descriptor is free, the installation is being replaced),
 * which may pass, and never the fault of a provider or of a caller.
 */
export class NotLoadedError extends MartletError {
  readonly code = 'ERR_NOT_LOADED';
}

const notLoaded = (name: string, cause: unknown): NotLoadedError =>
  new NotLoadedError(`${name} could not be loaded: ${toError(cause).message}`, { cause });

/** Loads a module when it is first asked for. Only success is remembered: the next one who asks after a failure tries again. */
export function late<T>(name: string, load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  const loaded = async (): Promise<T> => {
    try {
      return await load();
    } catch (error) {
      loading = undefined;
      throw notLoaded(name, error);
    }
  };
  return () => {
    loading ??= loaded();
    return loading;
  };
}

/** The same for what is loaded synchronously. */
export function lateSync<T>(name: string, load: () => T): () => T {
  let loaded: { readonly value: T } | undefined;
  return () => {
    try {
      loaded ??= { value: load() };
    } catch (error) {
      throw notLoaded(name, error);
    }
    return loaded.value;
  };
}
