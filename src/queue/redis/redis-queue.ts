import { BrokerQueue, type BrokerQueueOptions } from '../broker/broker-queue.ts';
import { RedisBroker, type RedisQueueSettings } from './redis-broker.ts';

export interface RedisQueueOptions extends BrokerQueueOptions {
  readonly settings: RedisQueueSettings;
  /** Certificates that are trusted, PEM, instead of Node's own; empty: Node's. */
  readonly ca?: readonly string[];
}

/** The queue in a Redis Stream (Redis 6.2 or later), under the names that a Gorush uses and readable by one. */
export const createRedisQueue = ({ settings, ca = [], ...options }: RedisQueueOptions): BrokerQueue =>
  new BrokerQueue(new RedisBroker(settings, ca), options);
