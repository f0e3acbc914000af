import { domainToASCII } from 'node:url';

/** An address as SMTP takes it, its domain in ASCII. */
export interface MailAddress {
  readonly local: string;
  readonly domain: string;
  readonly address: string;
}

/** RFC 5321 section 4.5.3.1, characters. */
const LONGEST = 254;
const LONGEST_LOCAL = 64;
/** A dot-atom (RFC 5322 section 3.2.3), or letters beyond ASCII (RFC 6531). Quoted local parts are refused: they do not occur in practice. */
const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\p{L}\p{N}\p{M}-]+$/u;
const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const MOST_LABEL = 63;
/** The last label of an IPv4 address, and of no domain. */
const DIGITS = /(?:^|\.)\d+$/;

const isDomain = (text: string): boolean =>
  text.split('.').every((label) => label.length <= MOST_LABEL && LABEL.test(label)) && !DIGITS.test(text);

/** `local@domain`; undefined for everything else, a name with it and an address literal (`[192.0.2.1]`) included. */
export function mailAddress(text: string): MailAddress | undefined {
  const at = text.lastIndexOf('@');
  if (at < 1 || at > LONGEST_LOCAL || text.length > LONGEST) return undefined;
  const local = text.slice(0, at);
  if (!LOCAL.test(local) || local.startsWith('.') || local.endsWith('.') || local.includes('..')) return undefined;
  const domain = domainToASCII(text.slice(at + 1));
  if (domain === '' || !isDomain(domain)) return undefined;
  return { local, domain, address: `${local}@${domain}` };
}

/** An address with the name that people read before it. */
export interface Mailbox extends MailAddress {
  readonly name: string;
}

const withoutQuotes = (name: string): string =>
  name.length > 1 && name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1) : name;

/** `Name <local@domain>`, or the address alone; undefined for everything else. */
export function mailbox(text: string): Mailbox | undefined {
  const bare = text.trim();
  const open = bare.endsWith('>') ? bare.lastIndexOf('<') : -1;
  const found = mailAddress(open < 0 ? bare : bare.slice(open + 1, -1));
  return found && { ...found, name: open < 0 ? '' : withoutQuotes(bare.slice(0, open).trim()) };
}

/** `j***@example.com`: enough to recognise an address, not enough to write to it. */
export function maskedAddress(text: string): string {
  const at = text.lastIndexOf('@');
  return at < 1 ? '*'.repeat(Math.min(text.length, LONGEST)) : `${text.slice(0, 1)}***${text.slice(at, LONGEST)}`;
}
