import { type ActorName, auditChanges, auditName } from '../storage/audit.ts';
import type { HubStore } from '../storage/storage.ts';
import { PeopleRefusal } from './person.ts';

export interface TopicChange {
  readonly app: string;
  readonly topic: string;
  readonly user: string;
  readonly by: ActorName;
}

/** Sets of people: a notification to a topic is one to each of them. A topic is there while someone is in it. */
export class Topics {
  readonly #store: HubStore;
  readonly #now: () => number;

  constructor(store: HubStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** @returns whether the person was not in it before. @throws PeopleRefusal 404 for a person who is not there */
  add({ app, topic, user, by }: TopicChange): Promise<boolean> {
    return this.#store.write(async (tx) => {
      const person = await tx
        .selectFrom('users')
        .select('id')
        .where('app', '=', app)
        .where('id', '=', user)
        .executeTakeFirst();
      if (!person) throw new PeopleRefusal('not_found', 'there is no such user');
      const { numInsertedOrUpdatedRows } = await tx
        .insertInto('topic_users')
        .values({ app, topic, user })
        .onConflict((conflict) => conflict.columns(['app', 'topic', 'user']).doNothing())
        .executeTakeFirst();
      if (!numInsertedOrUpdatedRows) return false;
      await auditChanges(tx, this.#store.seal, [
        {
          app,
          at: this.#now(),
          by,
          action: 'topic.joined',
          target: `user:${user}`,
          detail: { topic: auditName(this.#store.seal, app, `topic:${topic}`) },
        },
      ]);
      return true;
    });
  }

  /** @returns whether the person was in it */
  remove({ app, topic, user, by }: TopicChange): Promise<boolean> {
    return this.#store.write(async (tx) => {
      const { numDeletedRows } = await tx
        .deleteFrom('topic_users')
        .where('app', '=', app)
        .where('topic', '=', topic)
        .where('user', '=', user)
        .executeTakeFirst();
      if (numDeletedRows === 0n) return false;
      await auditChanges(tx, this.#store.seal, [
        {
          app,
          at: this.#now(),
          by,
          action: 'topic.left',
          target: `user:${user}`,
          detail: { topic: auditName(this.#store.seal, app, `topic:${topic}`) },
        },
      ]);
      return true;
    });
  }

  /** Ids of the people in it, sorted. @param after the id that the page begins behind */
  async users(
    app: string,
    topic: string,
    { limit, after = '' }: { readonly limit: number; readonly after?: string | undefined },
  ) {
    const rows = await this.#store.db
      .selectFrom('topic_users')
      .select('user')
      .where('app', '=', app)
      .where('topic', '=', topic)
      .where('user', '>', after)
      .orderBy('user')
      .limit(limit)
      .execute();
    return rows.map(({ user }) => user);
  }
}
