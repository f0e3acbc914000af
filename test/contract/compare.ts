import { type CorpusCase, type Fields, isFields, type Tree } from './corpus-case.ts';
import { type Difference, match, show } from './match.ts';
import { matchBag } from './match-bag.ts';

const mediaType = (value: Tree): string =>
  String(value ?? '')
    .split(';')[0]
    ?.trim()
    .toLowerCase() ?? '';
const fields = (value: Tree): Fields => (isFields(value) ? value : {});
const subset = (wanted: Tree, seen: Tree): Difference[] => match(wanted, seen, 'subset');

function matchHeaders(wanted: Fields, seen: Fields, at: string): Difference[] {
  return Object.entries(wanted).flatMap(([name, value]) => {
    if (name !== 'content-type' || value === '<any>') return match(value, seen[name], 'subset', `${at}.${name}`);
    return match(mediaType(value), mediaType(seen[name]), 'exact', `${at}.${name}`);
  });
}

function matchResponse(wanted: Tree, seen: Tree, at: string): Difference[] {
  if (!isFields(wanted) || !isFields(seen)) return match(wanted, seen, 'subset', at);
  if ([wanted, seen].some((one) => one.timeout || one.error)) return match(wanted, seen, 'subset', at);
  const { status, headers, body } = wanted;
  const { logs, ...rest } = fields(body);
  const hasLogs = Array.isArray(logs);
  return [
    ...match(status, seen.status, 'subset', `${at}.status`),
    ...matchHeaders(fields(headers), fields(seen.headers), `${at}.headers`),
    ...('body' in wanted ? match(hasLogs ? rest : body, seen.body, 'subset', `${at}.body`) : []),
    ...(hasLogs ? matchBag(logs, fields(seen.body).logs, subset, `${at}.body.logs`) : []),
  ];
}

function matchResponses(wanted: Tree, seen: Tree): Difference[] {
  if (!Array.isArray(wanted)) return match(wanted, seen, 'subset', 'responses');
  if (!Array.isArray(seen) || wanted.length !== seen.length)
    return [`responses: expected ${show(wanted)}, got ${show(seen)}`];
  return wanted.flatMap((one, i) => matchResponse(one, seen[i], `responses[${i}]`));
}

/** An upstream request may have more headers, but no other `apns-*`; its JSON is equal key for key. */
function matchUpstream(wanted: Tree, seen: Tree): Difference[] {
  if (!isFields(wanted) || !isFields(seen)) return match(wanted, seen, 'exact');
  const { headers, ...rest } = wanted;
  const seenHeaders = fields(seen.headers);
  const surplus = Object.keys(seenHeaders).filter((name) => name.startsWith('apns-') && !(name in fields(headers)));
  return [
    ...Object.entries(rest).flatMap(([key, value]) => match(value, seen[key], 'exact', `.${key}`)),
    ...matchHeaders(fields(headers), seenHeaders, '.headers'),
    ...surplus.map((name) => `.headers.${name}: not expected, got ${show(seenHeaders[name])}`),
  ];
}

const pushHostOf = (signInHost: Tree): string => (String(signInHost).startsWith('oauth-login') ? 'push-api' : 'fcm');

/** A sign-in may wait until the first push for its provider: where none was due, none is asked for. */
function isDue(signIn: Tree, wanted: Fields): boolean {
  const { upstream, upstreamSummary } = wanted;
  const { host } = fields(signIn);
  if (upstream === '<any>') return true;
  if (Array.isArray(upstream) && upstream.length === 0 && String(host).startsWith('oauth2')) return true;
  return JSON.stringify(fields(upstreamSummary).hosts ?? upstream ?? '').includes(`"${pushHostOf(host)}`);
}

function matchSignIns(wanted: Tree, seen: Tree, all: Fields): Difference[] {
  if (!Array.isArray(wanted)) return [];
  const made = Array.isArray(seen) ? seen : [];
  return wanted
    .filter((signIn) => isDue(signIn, all) && !made.some((one) => subset(signIn, one).length === 0))
    .map((signIn) => `auth: missing ${show(signIn)}, got ${show(seen)}`);
}

function matchExit(wanted: Fields, seen: Tree): Difference[] {
  const { code, messages, stdout } = fields(seen);
  const said = Array.isArray(messages) ? messages.join('\n') : '';
  const ended = typeof code === 'number';
  const right = wanted.code === '<nonzero>' ? ended && code !== 0 : wanted.code === '<any>' || wanted.code === code;
  const texts = Array.isArray(wanted.messages) ? (wanted.messages as string[]) : [];
  return [
    ...(right ? [] : [`exit.code: expected ${show(wanted.code)}, got ${show(code)}: ${show(said)}`]),
    ...texts
      .filter((text) => text !== '<any>' && !said.includes(text))
      .map((text) => `exit.messages: expected the output to contain ${show(text)}, got ${show(said)}`),
    ...(wanted.stdout === undefined ? [] : match(wanted.stdout, stdout, 'subset', 'exit.stdout')),
  ];
}

/** Each part of an observation, and how it is compared. Parts that are not wanted are not looked at. */
const parts: Readonly<Record<string, (wanted: Tree, seen: Tree, all: Fields) => Difference[]>> = {
  responses: matchResponses,
  upstream: (wanted, seen) => matchBag(wanted, seen, matchUpstream, 'upstream'),
  upstreamSummary: (wanted, seen) => match(wanted, seen, 'exact', 'upstreamSummary'),
  auth: matchSignIns,
  authCount: (wanted, seen) => match(wanted, seen, 'exact', 'authCount'),
  feedback: (wanted, seen) => matchBag(wanted, seen, subset, 'feedback'),
  stat: (wanted, seen) => match(wanted, seen, 'subset', 'stat'),
  log: (wanted, seen) => matchBag(wanted, seen, subset, 'log'),
  files: (wanted, seen) => match(wanted, seen, 'subset', 'files'),
  exit: (wanted, seen) => matchExit(fields(wanted), seen),
};

function compareOne(wanted: Fields, seen: Fields): Difference[] {
  if (seen.notReady && !wanted.notReady) return [`the server did not become ready: ${show(seen.exit)}`];
  if (wanted.notReady && !seen.notReady) return ['the server was expected to refuse to start'];
  // Whoever refuses to start has nothing else to show.
  const due: Fields = wanted.notReady ? { exit: wanted.exit } : wanted;
  const died = seen.crashed && !wanted.crashed ? [`the server died: ${show(seen.crashed)}`] : [];
  const told = Object.entries(parts).flatMap(([name, compareWith]) =>
    due[name] === undefined ? [] : compareWith(due[name], seen[name], due),
  );
  return [...died, ...told];
}

/** `expect: {any: true}`: whatever it says, as long as it lives and answers. */
function compareAny(seen: Fields): Difference[] {
  const answers = Array.isArray(seen.responses) ? (seen.responses as Fields[]) : [];
  const bad = answers.filter(({ status }) => typeof status !== 'number' || status >= 500);
  return [
    ...(seen.crashed ? [`the server died: ${show(seen.crashed)}`] : []),
    ...bad.map((answer) => `responses: expected an answer below 500, got ${show(answer)}`),
  ];
}

/**
 * How an observation differs from `expect` laid over `recorded`; empty when it does not. Where several outcomes are
 * right (variants, `oneOf`), the differences from the closest one.
 */
export function compare(
  one: Pick<CorpusCase, 'recorded' | 'expect' | 'unstable' | 'variants'>,
  seen: Fields,
): Difference[] {
  const expect = one.expect ?? {};
  if (expect.any === true) return compareAny(seen);
  const grounds = one.unstable && one.variants ? one.variants : [one.recorded];
  const overlays = Array.isArray(expect.oneOf) ? (expect.oneOf as Fields[]) : [expect];
  const attempts = grounds.flatMap((ground) => overlays.map((overlay) => compareOne({ ...ground, ...overlay }, seen)));
  return attempts.sort((a, b) => a.length - b.length)[0] ?? [];
}
