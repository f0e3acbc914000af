import { BrokerQueue, type BrokerQueueOptions } from '../broker/broker-queue.ts';
import { NatsBroker, type NatsQueueSettings } from './nats-broker.ts';

export interface NatsQueueOptions extends BrokerQueueOptions {
  readonly settings: NatsQueueSettings;
  /** Certificates that are trusted, PEM, instead of Node's own; empty: Node's. */
  readonly ca?: readonly string[];
}

/** The queue in NATS JetStream, beside the subject that a Gorush uses. */
export const createNatsQueue = ({ settings, ca = [], ...options }: NatsQueueOptions): BrokerQueue =>
  new BrokerQueue(new NatsBroker(settings, ca, options.confirmMs), options);
