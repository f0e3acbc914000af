import { getHeapStatistics } from 'node:v8';

/** Waiting requests, and answers that wait for their outcomes or their readers; the rest is for reading requests and everything else. */
const PARTS = 3;

/** Of the heap, in bytes, what waiting requests may take (request-cost.ts); and as much again the answers of sync requests. */
export const heapPart = (): number => getHeapStatistics().heap_size_limit / PARTS;
