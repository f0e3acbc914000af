/** Where a notifier keeps people, devices, settings and what was sent to whom. Made by one of the functions below. */
export interface PushStorage {
  /** The SQLite file; empty: memory, or PostgreSQL. */
  readonly path: string;
  /** Address of the PostgreSQL; empty: the file, or memory. */
  readonly postgres: string;
  /** The file in which pushes wait that a provider does not take now; empty: memory. */
  readonly queuePath: string;
  /** 32 bytes in base64 or hex that seal tokens and addresses; empty: a key is made beside the file. */
  readonly masterKey: string;
}

export interface StorageOptions {
  /** 32 bytes in base64 or hex, which seal what is kept; several separated by commas, the current one first. */
  readonly masterKey?: string;
}

export interface PostgresOptions {
  readonly masterKey: string;
  /** A file of this machine in which pushes wait that a provider does not take now. Default: memory. */
  readonly queuePath?: string;
}

/** One file, and beside it `<path>-queue` for pushes under way and, without a master key, `<path>.key`. For one process. */
export const sqliteStorage = (path: string, { masterKey = '' }: StorageOptions = {}): PushStorage => ({
  path,
  postgres: '',
  queuePath: `${path}-queue`,
  masterKey,
});

/** A PostgreSQL, which several processes may share. @param url `postgres://user:password@host:5432/database` */
export const postgresStorage = (
  url: string,
  { masterKey, queuePath = '' }: PostgresOptions = { masterKey: '' },
): PushStorage => ({
  path: '',
  postgres: url,
  queuePath,
  masterKey,
});

/** Gone with the process: for tests, and for trying out. */
export const memoryStorage = (): PushStorage => ({ path: '', postgres: '', queuePath: '', masterKey: '' });
