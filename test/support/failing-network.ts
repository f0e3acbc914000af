/**
 * For `node --import`: to the message `{ fail: 'ENOMEM' }` every new connection of the process fails with this code, as if the system
 * had said so, a code of DNS at the lookup of the name; `{ fail: '' }` ends it.
 */
import { getSystemErrorMap } from 'node:util';

interface Lookup {
  oncomplete(error: number): void;
}

type Bindings = {
  (name: 'tcp_wrap'): { TCP: { prototype: Record<'connect' | 'connect6', (...args: unknown[]) => number> } };
  (name: 'cares_wrap'): { getaddrinfo: (request: Lookup, ...args: unknown[]) => number };
};

// What node:net and node:dns call (https://nodejs.org/api/process.html#processbinding).
const binding = (process as unknown as { binding: Bindings }).binding;
const { prototype } = binding('tcp_wrap').TCP;
const resolver = binding('cares_wrap');
const numbers = new Map([...getSystemErrorMap()].map(([number, [code]]) => [code, number]));

let failing = '';

for (const method of ['connect', 'connect6'] as const) {
  const connect = prototype[method];
  prototype[method] = function (...args) {
    return failing === '' || failing.startsWith('EAI_') ? connect.apply(this, args) : (numbers.get(failing) as number);
  };
}

const { getaddrinfo } = resolver;
resolver.getaddrinfo = (request, ...args) => {
  if (!failing.startsWith('EAI_')) return getaddrinfo(request, ...args);
  setImmediate(() => request.oncomplete(numbers.get(failing) as number));
  return 0;
};

process.on('message', (message: { fail?: string }) => {
  if (message.fail === undefined) return;
  failing = message.fail;
  process.send?.('done');
});
