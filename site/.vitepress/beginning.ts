/** What is longer than a line of llms.txt. */
const MOST = 200;

/** Code is no end of a sentence, whatever it holds. */
const masked = (line: string): string => line.replaceAll(/`[^`]*`/g, (code) => 'x'.repeat(code.length));

const isProse = (paragraph: string): boolean => /^[A-Z`[*]/.test(paragraph) && !paragraph.startsWith('Proof: ');

/** The beginning of a page in one line: whole sentences, as far as 200 characters reach. */
export function beginning(page: string): string {
  const body = page
    .replaceAll(/<!--.*?-->/gs, '')
    .replaceAll(/^```.*?^```/gms, '')
    .replace(/^# .*$/m, '');
  const paragraph = body
    .split(/\n{2,}/)
    .map((text) => text.trim())
    .find(isProse);
  const line = (paragraph ?? '').replaceAll(/\s+/g, ' ').replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1');
  const found = /^.{1,199}\.(?= |$)/.exec(masked(line)) ?? /^.{1,199}[.:;](?= |$)/.exec(masked(line));
  if (!found) return line.length > MOST ? `${line.slice(0, MOST - 1)}…` : line;
  return line.slice(0, found[0].length).replace(/[:;]$/, '.');
}
