import { readdirSync, readFileSync, statSync } from 'node:fs';
import { toSeconds } from '../../kit/seconds.ts';
import { type Family, type Merge, NO_LABELS, type Sample } from './family.ts';
import { residentMemory } from './resident-memory.ts';

const DESCRIPTORS = '/proc/self/fd';
const PER_SECOND = 1e6;
const PER_KIB = 1024;

export const one = (value: number): Sample[] => [{ labels: NO_LABELS, value }];

export const gauge = (name: string, help: string, samples: readonly Sample[], merge: Merge = 'sum'): Family => ({
  ...{ name, help, samples, merge },
  type: 'gauge',
});

const counter = (name: string, help: string, value: number): Family => ({
  ...{ name, help, samples: one(value) },
  type: 'counter',
  merge: 'sum',
});

function cpu(): Family[] {
  const { user, system } = process.cpuUsage();
  return [
    counter('process_cpu_user_seconds_total', 'CPU time in user mode, seconds.', user / PER_SECOND),
    counter('process_cpu_system_seconds_total', 'CPU time in the kernel, seconds.', system / PER_SECOND),
    counter('process_cpu_seconds_total', 'CPU time, seconds.', (user + system) / PER_SECOND),
  ];
}

/** A file of /proc about this process; empty where there is none (macOS, Windows). */
function procText(name: string): string {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** Bytes of the lines of /proc/self/status (proc(5)). */
function memory(): Family[] {
  const status = procText('status');
  const bytes = (line: string): number | undefined => {
    const [, kib] = new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
    return kib === undefined ? undefined : Number(kib) * PER_KIB;
  };
  const resident = bytes('VmRSS') ?? residentMemory();
  const [size, data] = [bytes('VmSize'), bytes('VmData')];
  return [
    ...(resident === undefined ? [] : [gauge('process_resident_memory_bytes', 'Memory in RAM.', one(resident))]),
    ...(size === undefined ? [] : [gauge('process_virtual_memory_bytes', 'Address space.', one(size))]),
    ...(data === undefined ? [] : [gauge('process_heap_bytes', 'Data segment.', one(data))]),
  ];
}

/** Of a process with thousands of connections the names take tens of milliseconds: Linux 6.2 and later say how many there are. */
function openFiles(): Sample[] {
  try {
    const { size } = statSync(DESCRIPTORS);
    // The folder's own descriptor, by which it is read, is not counted.
    return one(size > 0 ? size : readdirSync(DESCRIPTORS).length - 1);
  } catch {
    return [];
  }
}

function files(): Family[] {
  const open = openFiles();
  const [, limit] = /^Max open files\s+(\d+)/m.exec(procText('limits')) ?? [];
  return [
    ...(open.length > 0 ? [gauge('process_open_fds', 'Open file descriptors, sockets among them.', open)] : []),
    ...(limit === undefined
      ? []
      : [gauge('process_max_fds', 'Most file descriptors that may be open.', one(Number(limit)), 'max')]),
  ];
}

/**
 * The series that every client library of Prometheus has for a process, under their usual names. What only Linux says is absent
 * elsewhere.
 */
export const processSeries = (): Family[] => [
  ...cpu(),
  gauge(
    'process_start_time_seconds',
    'When the process started, Unix seconds.',
    one(Math.round(toSeconds(performance.timeOrigin))),
    'min',
  ),
  ...memory(),
  ...files(),
];
