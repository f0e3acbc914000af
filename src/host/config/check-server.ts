import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, normalize, resolve } from 'node:path';
import { withGorush } from '../../config/mistake.ts';
import { withoutUserInfo } from '../../config/without-user-info.ts';
import { ConfigError } from '../../kit/errors.ts';
import { fileTrouble } from '../../kit/files/file-trouble.ts';
import { isWebhookSecret } from '../../kit/http/webhook-signature.ts';
import { listenHost } from '../../kit/net/listen-address.ts';
import { autoHosts } from '../../tls/auto-hosts.ts';
import { keyPairMistakes, readClientCa } from '../../tls/key-pair.ts';
import type { Draft, Findings } from './draft.ts';

/** Gorush checks flags and file apart, and says which of them it means. */
function sentence(draft: Draft, path: string, thing: string, { plain, gorush }: Trouble): string {
  const core = thing === 'PID path' ? thing : `core ${thing}`;
  const begin = draft.origin(path) === 'command line' ? `invalid ${thing} from command line` : `${FAILED} ${core}`;
  return withGorush(plain, `Configuration error: ${begin}: ${gorush}`);
}

const FAILED = 'configuration validation failed: invalid';

/** In our words and in Gorush's. */
interface Trouble {
  readonly plain: string;
  readonly gorush: string;
}

/** What is wrong with a port; undefined when nothing is. Empty means the default. */
function portTrouble(port: string): Trouble | undefined {
  if (port === '') return undefined;
  const plain = `must be a number from 1 to 65535, is "${port}"`;
  if (!/^[+-]?\d+$/.test(port)) return { plain, gorush: `invalid port format: ${port}` };
  const isInRange = Number(port) >= 1 && Number(port) <= 65_535;
  return isInRange ? undefined : { plain, gorush: `port out of range (1-65535): ${Number(port)}` };
}

function addressTrouble(address: string): Trouble | undefined {
  if (listenHost(address) !== undefined) return undefined;
  return {
    plain: `must be a host name or an IP address, is "${address}"`,
    gorush: `invalid address format: ${address}`,
  };
}

const SENSITIVE = ['/etc/', '/usr/', '/var/', '/sys/', '/proc/'];

function pidTrouble(path: string): Trouble | undefined {
  if (path === '') return undefined;
  const clean = normalize(path);
  if (!isAbsolute(clean) && clean.startsWith('..'))
    return {
      plain: `must not lead out of the working folder, is "${path}"`,
      gorush: `path traversal detected in PID path: ${path}`,
    };
  if (!SENSITIVE.some((folder) => clean.startsWith(folder))) return undefined;
  const gorush = `cannot write PID file to sensitive directory: ${clean}`;
  return { plain: `must not be in ${SENSITIVE.join(' ')}, is "${path}"`, gorush };
}

function checkListener(draft: Draft, { mistakes }: Findings): void {
  const { core, grpc } = draft.config;
  const port = portTrouble(core.port);
  if (port) mistakes.push({ key: 'core.port', text: sentence(draft, 'core.port', 'port', port) });
  const address = addressTrouble(core.address);
  if (address) mistakes.push({ key: 'core.address', text: sentence(draft, 'core.address', 'address', address) });
  const pid = pidTrouble(core.pid.path);
  if (pid) mistakes.push({ key: 'core.pid.path', text: sentence(draft, 'core.pid.path', 'PID path', pid) });
  const rpc = grpc.enabled ? portTrouble(grpc.port) : undefined;
  if (rpc) mistakes.push({ key: 'grpc.port', text: withGorush(rpc.plain, rpc.gorush) });
}

/** What a server must have to be of use. A process without a server may work off a queue that others fill. */
function checkProcess({ config: { core, grpc, queue, sandbox }, purpose }: Draft, { mistakes }: Findings): void {
  if (purpose !== 'serve') return;
  if (!core.enabled && !grpc.enabled && queue.engine === 'local')
    mistakes.push({
      key: 'core.enabled',
      text: 'HTTP and gRPC are both off and the queue is of this process alone: set core.enabled or grpc.enabled to true',
    });
  if (core.processes !== 1 && sandbox.enabled)
    mistakes.push({
      key: 'core.processes',
      text: 'the sandbox lives inside one process; set it to 1, or sandbox.enabled to false',
    });
}

/** `host:port`, `[::1]:port`; undefined for anything else. */
function hostAndPort(addr: string): [string, string] | undefined {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(addr);
  return match ? [match[1] ?? match[2] ?? '', match[3] ?? ''] : undefined;
}

function checkRedis({ config: { stat } }: Draft, { mistakes }: Findings): void {
  if (stat.engine !== 'redis' || stat.redis.addr === '') return;
  for (const addr of stat.redis.cluster ? stat.redis.addr.split(',') : [stat.redis.addr]) {
    const trouble = redisTrouble(addr);
    if (trouble === undefined) continue;
    const text = withGorush(
      `must be host:port, is "${withoutUserInfo(addr)}"`,
      `Configuration error: configuration validation failed: ${trouble}`,
    );
    mistakes.push({ key: 'stat.redis.addr', text });
  }
}

/** In Gorush's words. */
function redisTrouble(addr: string): string | undefined {
  const [host, port] = hostAndPort(addr.trim()) ?? [];
  if (host === undefined || port === undefined) return `invalid Redis address format: ${withoutUserInfo(addr)}`;
  const ofHost = addressTrouble(host);
  if (ofHost) return `invalid Redis host: ${ofHost.gorush}`;
  const ofPort = portTrouble(port);
  return ofPort && `invalid Redis port: ${ofPort.gorush}`;
}

/** Throws what opening the file for appending would throw, without making it. */
function mustBeWritable(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
  accessSync(there ? path : dirname(path), constants.W_OK);
}

function checkLogs(draft: Draft, { mistakes, warnings }: Findings): void {
  const { log } = draft.config;
  for (const which of ['access', 'error'] as const) {
    const path = log[`${which}_log`];
    if (path === 'stdout' || path === 'stderr') continue;
    try {
      mustBeWritable(resolve(draft.cwd, path === '' ? 'no/such' : path));
    } catch (error) {
      const trouble = fileTrouble(error);
      const gorush = `can't load log module, error: Set ${which} log path error: open ${path}: ${trouble}`;
      mistakes.push({ key: `log.${which}_log`, text: withGorush(`${path} cannot be written: ${trouble}`, gorush) });
    }
  }
  if (log.audit !== '' && log.audit !== 'stdout')
    try {
      mustBeWritable(resolve(draft.cwd, log.audit));
    } catch (error) {
      mistakes.push({ key: 'log.audit', text: `cannot be written: ${log.audit}: ${fileTrouble(error)}` });
    }
  if (log.format !== 'json' && log.format !== 'string')
    warnings.push(`log.format: ${log.format} is unknown, logs are plain text`);
}

export const isHttpUrl = (url: string): boolean => /^https?:$/.test(URL.parse(url)?.protocol ?? '');

function checkUrls({ config: { core, api } }: Draft, { mistakes, warnings }: Findings): void {
  if (core.http_proxy !== '' && !isHttpUrl(core.http_proxy))
    mistakes.push({
      key: 'core.http_proxy',
      text: withGorush('must be http://host:port, with user:password@ if need be', 'Set Proxy error'),
    });
  if (core.feedback_hook_url !== '' && !isHttpUrl(core.feedback_hook_url))
    warnings.push('core.feedback_hook_url: not an http:// or https:// URL: failed pushes are not reported');
  for (const header of core.feedback_header)
    if (header !== '' && !header.includes(':'))
      warnings.push('core.feedback_header: a header without a colon is not sent; each must be name:value');
  const unusable = core.feedback_secret.findIndex((secret) => !isWebhookSecret(secret));
  if (unusable >= 0)
    mistakes.push({
      key: 'core.feedback_secret',
      text: `no. ${unusable + 1} must be whsec_ and 24 to 64 bytes in base64`,
    });
  const taken = new Map<string, string>([
    ['/', 'the greeting'],
    ['/version', 'the version'],
  ]);
  for (const [name, path] of Object.entries(api)) {
    if (name === 'push_uri') continue;
    if (taken.has(path)) mistakes.push({ key: `api.${name}`, text: `${path} is ${taken.get(path)} already` });
    taken.set(path, `api.${name}`);
  }
}

/** The server's own certificate, when it speaks TLS, and the authorities of its clients. */
function checkCertificate(draft: Draft, { mistakes }: Findings): void {
  const { core } = draft.config;
  const attempt = (run: () => unknown): void => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      mistakes.push(error);
    }
  };
  if (core.auto_tls.enabled) {
    attempt(() => autoHosts(core.auto_tls.host));
    for (const name of ['port', 'http_port'] as const) {
      const trouble = portTrouble(core.auto_tls[name]);
      if (trouble) mistakes.push({ key: `core.auto_tls.${name}`, text: trouble.plain });
    }
    if (URL.parse(core.auto_tls.directory)?.protocol !== 'https:')
      mistakes.push({ key: 'core.auto_tls.directory', text: 'must be an https:// URL' });
  } else if (core.ssl) mistakes.push(...keyPairMistakes(core, draft.cwd));
  else return;
  if (core.client_ca !== '') attempt(() => readClientCa(core.client_ca, draft.cwd));
}

/** A file of certificate authorities, and one with the process id that must not be overwritten. */
function checkFiles(draft: Draft, { mistakes }: Findings): void {
  const { core } = draft.config;
  if (core.ca_path !== '')
    try {
      readFileSync(resolve(draft.cwd, core.ca_path));
    } catch (error) {
      mistakes.push({ key: 'core.ca_path', text: `${fileTrouble(error)}: ${core.ca_path}` });
    }
  if (
    draft.purpose === 'serve' &&
    core.pid.enabled &&
    !core.pid.override &&
    existsSync(resolve(draft.cwd, core.pid.path))
  )
    mistakes.push({ key: 'core.pid.path', text: `${core.pid.path} already exists` });
}

/** Everything that is not about a provider. */
export function checkServer(draft: Draft, findings: Findings): void {
  checkProcess(draft, findings);
  checkListener(draft, findings);
  checkRedis(draft, findings);
  checkLogs(draft, findings);
  checkUrls(draft, findings);
  checkFiles(draft, findings);
  if (draft.purpose === 'serve') checkCertificate(draft, findings);
}
