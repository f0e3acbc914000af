/** @import { EscalationDoc, EscalationStep } from '../../../../hub/incidents/escalation/escalation-doc.ts' */
/** @import { IncidentView } from '../../../../hub/incidents/incident-view.ts' */
/** @import { Child } from '../dom.js' */
import { h } from '../dom.js';
import { duration } from '../format.js';
import { channelText } from './decisions.js';
import { own, time } from './parts.js';

/** Steps that are shown of what is still to come. */
const MOST = 20;

/** @type {{ [group: string]: string }} */
const GROUPS = { users: '', teams: 'team ', roles: 'role ', topics: 'topic ', devices: 'device ' };

/** Whom a step calls. @param {EscalationStep} step @returns {Child[]} */
function whom({ to, channels, if: only }) {
  const names = Object.entries(GROUPS).flatMap(([group, word]) => {
    const ids = to?.[/** @type {'users'} */ (group)] ?? [];
    return ids.map((id) => [word, own(id, 'strong')]);
  });
  const everyone = to?.everyone ? [['everyone']] : [];
  const all = [...names, ...everyone].flatMap((each, i) => (i === 0 ? each : [', ', ...each]));
  return [
    ...(all.length > 0 ? all : ['those whose incident it is']),
    ...(channels?.length ? [` by ${channels.map(channelText).join(', ')}`] : []),
    ...(only ? ['; only who is awake'] : []),
  ];
}

/**
 * When each step is called, in the order of the rounds; the server plans in the same way (escalation-plan.ts).
 * @param {EscalationDoc} doc
 * @param {number} called steps that were called
 * @param {number | undefined} nextAt UNIX milliseconds
 */
export function plannedSteps({ steps, repeat, backoff }, called, nextAt) {
  const planned = [];
  let at = nextAt;
  for (let number = 0; number < steps.length * (repeat + 1); number++) {
    const round = Math.floor(number / steps.length);
    const step = /** @type {EscalationStep} */ (steps[number % steps.length]);
    const gap = Math.min(
      30 * 86_400_000,
      Math.max(round > 0 && number % steps.length === 0 ? 1000 : 0, step.after * 1000 * backoff ** round),
    );
    const isNext = number === called;
    if (number > called && at !== undefined) at += gap;
    planned.push({
      ...{ step, number: number + 1, round: round + 1, gapMs: gap },
      state: number < called ? 'called' : nextAt === undefined ? 'off' : isNext ? 'next' : 'later',
      at: number < called ? undefined : at,
    });
  }
  return planned;
}

/** @type {{ [state: string]: [text: string, look: string] }} */
const STATES = {
  called: ['called', 'good'],
  next: ['next', 'warn'],
  later: ['then', 'idle'],
  off: ['not called', 'idle'],
};

/** @param {{ gapMs: number, number: number, round: number }} planned @param {boolean} hasRounds */
function gapText({ gapMs, number, round }, hasRounds) {
  const since = number === 1 ? 'after the opening' : 'after the one before';
  return [gapMs === 0 ? 'at once' : `${duration(gapMs / 1000)} ${since}`, hasRounds && `round ${round}`]
    .filter(Boolean)
    .join(', ');
}

/**
 * Who is called when, while the incident is not in hand.
 * @param {EscalationDoc} doc
 * @param {IncidentView} incident
 */
export function stepList(doc, { escalated }) {
  const nextAt = escalated?.next_at === undefined ? undefined : Date.parse(escalated.next_at);
  const called = (escalated?.steps ?? 0) - (escalated?.of_others ?? 0);
  const planned = plannedSteps(doc, called, nextAt);
  const shown = planned.slice(0, MOST);
  const items = shown.map((each) => {
    const { step, state, at } = each;
    const [text, look] = STATES[state] ?? [state, 'idle'];
    return h(
      'li',
      { class: look },
      h(
        'div',
        { class: 'line' },
        h('span', { class: `pill ${look}` }, text),
        h('span', {}, ...whom(step)),
        h('span', { class: 'space' }),
        ...(at === undefined ? [] : [time(new Date(at).toISOString())]),
      ),
      h('p', { class: 'quiet' }, gapText(each, doc.repeat > 0)),
    );
  });
  const left = planned.length - shown.length;
  return [
    h('ol', { class: 'events', 'aria-label': 'Escalation steps' }, ...items),
    ...(left > 0 ? [h('p', { class: 'quiet' }, `And ${left} more.`)] : []),
  ];
}
