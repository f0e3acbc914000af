import { Agent, request } from 'node:http';
import fc from 'fast-check';
import { answerFaults, type Received } from '../../api/openapi/answer-faults.ts';
import type { SandboxedRelay } from '../../api/openapi/sandboxed-relay.ts';
import { type FuzzRequest, operationRequests } from './operation-requests.ts';

export interface FuzzApiOptions {
  /** Requests for an operation with a body; one without gets a tenth. */
  readonly runs: number;
  readonly seed: number;
  /** Sent with every request, such as a key. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Called after each operation. */
  readonly told?: (operation: string, runs: number) => void;
}

const FEWER = 10;

/** Not by fetch, which would change paths and refuse headers. */
function send(url: URL, method: string, { target, headers, body }: FuzzRequest, agent: Agent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const size = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { agent, method: method.toUpperCase(), host: url.hostname, port: url.port, path: target };
    const req = request({ ...options, headers: { ...headers, ...size } }, async (res) => {
      let text = '';
      res.setEncoding('utf8');
      for await (const chunk of res) text += chunk;
      const received = new Headers(
        Object.entries(res.headersDistinct).map(([name, all]) => [name, (all ?? []).join()]),
      );
      resolve({ status: res.statusCode ?? 0, type: res.headers['content-type'] ?? '', body: text, headers: received });
    });
    req.on('error', reject);
    req.end(body);
  });
}

/** Sends random requests for every operation that the relay describes; rejects with the smallest whose answer is not as described. */
export async function fuzzApi({ url, document }: SandboxedRelay, options: FuzzApiOptions): Promise<number> {
  const { runs, seed, headers = {}, told = () => {} } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const faultsOf = answerFaults(document);
  const base = new URL(url);
  let sent = 0;
  try {
    for (const [path, item] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        if (operation['x-endless']) continue;
        const requests = operationRequests(path, operation, document);
        const property = fc.asyncProperty(requests, async (made) => {
          sent++;
          const answer = await send(base, method, { ...made, headers: { ...made.headers, ...headers } }, agent);
          const faults = faultsOf(path, method, answer);
          if (faults.length === 0) return;
          throw new Error(`${method.toUpperCase()} ${made.target} ${faults.join('; ')}: ${answer.body.slice(0, 500)}`);
        });
        const numRuns = operation.requestBody || operation.parameters ? runs : Math.ceil(runs / FEWER);
        await fc.assert(property, { numRuns, seed });
        told(`${method.toUpperCase()} ${path}`, numRuns);
      }
    }
  } finally {
    agent.destroy();
  }
  return sent;
}
