import { integer, ours, perSecond, seconds, text } from './leaf.ts';

/** Keys that the sections of several providers have. */

/** A day: timers cannot wait longer than 24 days, and go off at once instead. */
export const LONGEST_WAIT = 86_400;

const PORT = '(?:6553[0-5]|655[0-2]\\d|65[0-4]\\d\\d|6[0-4]\\d{3}|[1-5]?\\d{1,4})';
/** A name, an IPv4 address or an IPv6 one in brackets, and a port if need be: what a URL takes. */
export const ORIGIN = `^https?://(?:[A-Za-z0-9_.-]+|\\[[0-9A-Fa-f:.]+\\])(?::${PORT})?/?$`;

/** Where a provider is, without a path. */
export const origin = (url: string, description: string) =>
  text(url, description, { ...ours, pattern: ORIGIN, wanted: 'https://host or https://host:port' });

export const connections = integer(0, 'HTTP/2 connections to each of its hosts; 0: as many as needed, up to 8.', {
  ...ours,
  minimum: 0,
  maximum: 1000,
});

export const rateLimit = perSecond(0, 'Pushes per second; 0: no limit.', ours);

export const requestTimeout = seconds(15, 'After which a push without an answer counts as unanswered.', {
  ...ours,
  maximum: LONGEST_WAIT,
});

/** @param more what is repeated beyond it (`FreeRetries`), a sentence or more */
export const maxRetry = (more = '') =>
  integer(
    0,
    `How often a push is sent again after an answer that says "later" (429, 5xx), or none; a request can only lower it with \`retry\`.${more && ` ${more}`}`,
  );

/** For a provider with `renewal`. */
export const RENEWED = "A renewed access token's retry is not counted.";
