import { editDistance } from '../../kit/text/edit-distance.ts';
import type { JsonObject } from '../push.ts';
import { isJsonObject } from '../raw-json.ts';

/** Something of a request that was taken and has no effect. */
export interface FieldWarning {
  /** `notifications[0].mesage` */
  readonly path: string;
  readonly reason: string;
  readonly did_you_mean?: string;
}

const MOST_WARNINGS = 20;
const LONGEST = 40;
/** Of each object: what is beyond is no slip of the keyboard. */
const MOST_KEYS = 100;

/** The field that was meant: nearly alike, and not a short word that is near to everything. */
function meant(key: string, known: readonly string[]): string | undefined {
  if (key.length < 2 || key.length > LONGEST) return undefined;
  const lower = key.toLowerCase();
  const most = key.length < 5 ? 1 : 2;
  const near = known
    .filter((name) => Math.abs(name.length - key.length) <= most)
    .map((name) => ({ name, edits: editDistance(lower, name) }))
    .sort((a, b) => a.edits - b.edits)[0];
  return near && near.edits > 0 && near.edits <= most ? near.name : undefined;
}

/** Looks at what a request holds beyond its fields. It tells only of what is nearly a field: other keys may hold anything. */
export class Misspelled {
  readonly #known: readonly string[];
  readonly #names: ReadonlySet<string>;

  /** @param known the fields of a notification */
  constructor(known: readonly string[]) {
    this.#known = known;
    this.#names = new Set(known.map((name) => name.toLowerCase()));
  }

  /** At most 20, in the order of the request. */
  in({ notifications }: JsonObject): FieldWarning[] {
    const found: FieldWarning[] = [];
    for (const [index, notification] of (Array.isArray(notifications) ? notifications : []).entries()) {
      if (found.length >= MOST_WARNINGS) break;
      if (isJsonObject(notification)) found.push(...this.#of(notification, `notifications[${index}]`));
    }
    return found.slice(0, MOST_WARNINGS);
  }

  #of(notification: JsonObject, path: string): FieldWarning[] {
    const unknown = Object.keys(notification).filter((key) => !this.#names.has(key.toLowerCase()));
    return unknown.slice(0, MOST_KEYS).flatMap((key) => {
      const name = meant(key, this.#known);
      return name === undefined
        ? []
        : [{ path: `${path}.${key}`, reason: 'is no field, and was left out', did_you_mean: name }];
    });
  }
}
