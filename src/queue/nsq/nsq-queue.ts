import { BrokerQueue, type BrokerQueueOptions } from '../broker/broker-queue.ts';
import { NsqBroker, type NsqQueueSettings } from './nsq-broker.ts';

export interface NsqQueueOptions extends BrokerQueueOptions {
  readonly settings: NsqQueueSettings;
}

/** The queue in NSQ, under the names that a Gorush uses and readable by one. */
export const createNsqQueue = ({ settings, ...options }: NsqQueueOptions): BrokerQueue =>
  new BrokerQueue(new NsqBroker(settings), options);
