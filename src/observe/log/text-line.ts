/** White on a colour. */
const colours = {
  red: '\u001b[97;41m',
  green: '\u001b[97;42m',
  yellow: '\u001b[97;43m',
  blue: '\u001b[97;44m',
  magenta: '\u001b[97;45m',
  cyan: '\u001b[97;46m',
};
const { red, green } = colours;
const reset = '\u001b[0m';

/** How a plain text log looks: a terminal has colours; a terminal and a file have the time, the reader of a pipe adds its own. */
export interface TextStyle {
  readonly colours: boolean;
  readonly stamped: boolean;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Keeps foreign text on one line and its escape sequences off the terminal: white space becomes a space. */
export const oneLine = (text: string): string =>
  text.replace(UNPRINTABLE, (c) => (/\s/.test(c) ? ' ' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`));

/** Gorush's push line up to the token: `| failed-push | ios [`. */
export function pushHead(
  type: 'succeeded-push' | 'failed-push',
  platform: string,
  colour: keyof typeof colours | 'none' | undefined,
): string {
  if (colour === 'none') return `| ${type} | ${platform} [`;
  const typeColour = type === 'succeeded-push' ? green : red;
  return `|${typeColour} ${type} ${reset}| ${colour ? colours[colour] : reset}${platform}${reset} [`;
}

/** `2026-11-21T05:15:04.123Z WARNING ` */
export const stamp = (time: string, level: string): string => `${time} ${level.toUpperCase()} `;

const fieldText = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
};

/** A line of our own from pino's JSON: time, level, sentence, then the fields as `name=value`. */
export function generalText(json: string, coloured: boolean): string {
  const { level, time, msg = '', err, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const label = String(level);
  const urgent = coloured && /^(error|fatal)$/.test(label);
  const head = urgent ? `${String(time)} ${red}${label.toUpperCase()}${reset} ` : stamp(String(time), label);
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${fieldText(value)}`);
  const cause = err ? [` err=${fieldText((err as { message?: string }).message ?? '')}`] : [];
  return `${head}${oneLine([msg, ...rest, ...cause].join(''))}\n`;
}
