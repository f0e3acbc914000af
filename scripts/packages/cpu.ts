import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import process from 'node:process';

/** Processors that packages are made for, as Debian and RPM call them, and how QEMU runs their programs with the libraries of libatomic1-arm64-cross. */
export const CPUS = {
  x64: { deb: 'amd64', rpm: 'x86_64', emulator: ['qemu-x86_64-static', '-L', '/usr/x86_64-linux-gnu'] },
  arm64: { deb: 'arm64', rpm: 'aarch64', emulator: ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'] },
} as const;

export type Cpu = keyof typeof CPUS;

/** A command line that runs a program for that processor on this machine; undefined: nothing here does. */
export function commandFor(cpu: Cpu, program: string): readonly [string, ...string[]] | undefined {
  const command: [string, ...string[]] = process.arch === cpu ? [program] : [...CPUS[cpu].emulator, program];
  const [first, ...args] = command;
  return spawnSync(first, [...args, '--version'], { cwd: dirname(program), stdio: 'ignore' }).status === 0
    ? command
    : undefined;
}
