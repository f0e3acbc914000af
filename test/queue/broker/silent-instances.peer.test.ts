import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { needs } from '../../support/needs.ts';
import type { RunningProgram } from '../../support/start-program.ts';
import { until } from '../../support/until.ts';
import { type BrokerView, brokerViews } from './broker-views.ts';
import { Instance } from './instance.ts';
import { publishTokens } from './publish-tokens.ts';
import { type BrokerEngine, brokers } from './real-brokers.ts';

/** Seconds: so long that what goes to others does so for the lease. */
const CLAIM_AFTER = 600;
const TOKENS = Array.from({ length: 40 }, (_, n) => `t${n}`);

const engines: BrokerEngine[] = [brokers.redis, brokers.nats];

for (const engine of engines)
  describe(`instances that fall silent, on ${engine.name}`, needs(engine.program), () => {
    let broker: RunningProgram;
    let view: BrokerView;
    let serial = 0;
    let name = '';
    const instances: Instance[] = [];

    beforeAll(async () => {
      broker = await engine.start();
      view = await brokerViews[engine.name](broker);
    });
    afterEach(async () => {
      for (const instance of instances.splice(0)) {
        instance.signal('SIGCONT');
        await instance.end('SIGKILL');
      }
    });
    afterAll(async () => {
      await view?.close();
      await broker?.end();
    });

    function start(sending: 'send' | 'wait', lease: number): Instance {
      const instance = new Instance(engine.name, broker.addr, name, sending, String(CLAIM_AFTER), String(lease));
      instances.push(instance);
      return instance;
    }

    const publish = (lease: number, tokens = TOKENS): Promise<void> =>
      publishTokens(engine.adapter(broker, name, CLAIM_AFTER, lease), tokens);

    /** After a restart the view may need a while to be back. */
    const left = (): Promise<number> => view.count(name).catch(() => Number.NaN);
    const isEmpty = (): Promise<void> => until(async () => (await left()) === 0, 'nothing is left');

    /** One that has all messages and sends none of them, and another one that sends what it gets. */
    async function holderAndSender(lease: number): Promise<{ holder: Instance; sender: Instance }> {
      name = `silent-${++serial}`;
      await publish(lease);
      const holder = start('wait', lease);
      await until(() => holder.about('back').length === TOKENS.length, 'one instance has all');
      return { holder, sender: start('send', lease) };
    }

    test('what a killed instance had goes to another when its lease is over, whatever claim_after says, with a warning', async () => {
      const { holder, sender } = await holderAndSender(1);
      await holder.end('SIGKILL');
      await isEmpty();
      expect(sender.about('sent').toSorted()).toEqual(TOKENS.toSorted());
      const counted = (): number =>
        sender
          .about('told')
          .map((line) => Number(/^warn: .*took over (\d+) messages of/.exec(line)?.[1] ?? 0))
          .reduce((sum, count) => sum + count, 0);
      await until(() => counted() >= TOKENS.length, 'it says so');
      await until(() => sender.about('took').at(-1) === String(TOKENS.length), 'it counts them');
    });

    test('an instance that is stopped, or whose event loop stands still, for less than its lease keeps what it has', async () => {
      const { holder, sender } = await holderAndSender(3);
      holder.signal('SIGSTOP');
      await sleep(900);
      holder.signal('SIGCONT');
      holder.signal('SIGUSR2');
      await until(() => holder.about('blocked').length === 1, 'it goes on');
      holder.signal('SIGHUP');
      await isEmpty();
      expect(holder.about('sent').toSorted()).toEqual(TOKENS.toSorted());
      expect(sender.about('sent')).toEqual([]);
      expect(sender.about('took')).toEqual([]);
    });

    test('an instance that was stopped for longer sends nothing of what another has taken over', async () => {
      const { holder, sender } = await holderAndSender(1);
      holder.signal('SIGSTOP');
      await isEmpty();
      // It would send as the first thing that it does.
      holder.signal('SIGHUP');
      holder.signal('SIGCONT');
      const letGo = (): boolean => holder.about('told').some((line) => line.includes('let go of 40 messages'));
      await until(letGo, 'it lets go');
      await publish(1, ['last']);
      await isEmpty();
      const sent = [...holder.about('sent'), ...sender.about('sent')];
      expect(sent.toSorted()).toEqual([...TOKENS, 'last'].toSorted());
    });

    test('an instance that was stopped for longer, with no other there, goes on with what it has', async () => {
      name = `silent-${++serial}`;
      await publish(0.5);
      const holder = start('wait', 0.5);
      await until(() => holder.about('back').length === TOKENS.length, 'it has all');
      holder.signal('SIGSTOP');
      await sleep(900);
      holder.signal('SIGHUP');
      holder.signal('SIGCONT');
      await isEmpty();
      expect(holder.about('sent').toSorted()).toEqual(TOKENS.toSorted());
    });

    test('while the broker stands still for longer than the lease each push is sent once', async () => {
      const { holder, sender } = await holderAndSender(1);
      await sleep(500);
      broker.signal('SIGSTOP');
      onTestFinished(() => broker.signal('SIGCONT'));
      // That it does not answer is found out after two seconds.
      await until(() => holder.about('health').at(-1) === 'fail', 'it does not answer');
      broker.signal('SIGCONT');
      holder.signal('SIGHUP');
      await isEmpty();
      expect([...holder.about('sent'), ...sender.about('sent')].toSorted()).toEqual(TOKENS.toSorted());
    });

    test('and after a restart of the broker that takes longer', async () => {
      const { holder, sender } = await holderAndSender(1);
      await sleep(500);
      await broker.stop('SIGTERM');
      await sleep(900);
      await broker.start();
      holder.signal('SIGHUP');
      await isEmpty();
      expect([...holder.about('sent'), ...sender.about('sent')].toSorted()).toEqual(TOKENS.toSorted());
    });
  });
