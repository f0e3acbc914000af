import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type RunningProgram, startProgram } from '../support/start-program.ts';
import { leaf } from './tls.ts';

export interface DebianPeer {
  readonly origin: string;
  readonly program: RunningProgram;
}

export interface Place {
  readonly folder: string;
  readonly port: number;
  /** Certificate and key in files, and both in one. */
  readonly cert: string;
  readonly key: string;
  readonly both: string;
  write(name: string, content: string): Promise<string>;
}

/** Starts a program for one test, in a folder of its own and on a free port, and waits until it listens. */
export async function startDebianPeer(
  name: string,
  prepare: (place: Place) => Promise<readonly string[]>,
): Promise<DebianPeer> {
  const program = await startProgram(name, async (port, folder) => {
    const write = async (name: string, content: string): Promise<string> => {
      const file = path.join(folder, name);
      await writeFile(file, content);
      return file;
    };
    const cert = await write('cert.pem', leaf.cert);
    const key = await write('key.pem', leaf.key);
    const both = await write('both.pem', `${leaf.cert}\n${leaf.key}`);
    return prepare({ folder, port, cert, key, both, write });
  });
  onTestFinished(() => program.end());
  return { origin: `https://localhost:${program.port}`, program };
}
