import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface SteadyLoad {
  /** Device tokens of requests that were answered with 200. */
  readonly taken: Set<string>;
  /** What became of the others. */
  readonly failed: string[];
  /** Asks for no more, and waits for the answers. */
  stop(): Promise<void>;
}

const token = (n: number): string => `a${n.toString(16).padStart(63, '0')}`;

function post(url: string, agent: Agent, device: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({
      notifications: [{ platform: 1, tokens: [device], topic: 'com.example.app', message: 'hi' }],
    });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = request(`${url}/api/push`, { method: 'POST', agent, headers, timeout: 60_000 }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode as number));
      answer.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.end(body);
  });
}

/** One push each, `perSecond`, over connections that are kept as back ends keep them; nothing is repeated. */
export function startSteadyLoad(url: string, perSecond = 100): SteadyLoad {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const taken = new Set<string>();
  const failed: string[] = [];
  const open = new Set<Promise<void>>();
  let isStopped = false;
  let sent = 0;
  const ask = (): void => {
    const device = token(sent++);
    const answered = post(url, agent, device).then(
      (status) => void (status === 200 ? taken.add(device) : failed.push(String(status))),
      (error: Error) => void failed.push(error.message),
    );
    open.add(answered);
    void answered.then(() => open.delete(answered));
  };
  const began = performance.now();
  const running = (async () => {
    while (!isStopped) {
      while (sent < ((performance.now() - began) / 1000) * perSecond) ask();
      await sleep(5);
    }
  })();
  return {
    taken,
    failed,
    async stop() {
      isStopped = true;
      await running;
      await Promise.all(open);
      agent.destroy();
    },
  };
}
