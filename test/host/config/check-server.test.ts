import { describe, expect, test } from 'vitest';
import { complaint, folderWith, load, yamlOf } from '../../config/config-folder.ts';

const VALIDATION = 'Configuration error: configuration validation failed: invalid';

test.each([
  [
    { 'core.port': '0' },
    `core.port: must be a number from 1 to 65535, is "0" (Gorush: ${VALIDATION} core port: port out of`,
  ],
  [{ 'core.port': 'x' }, `${VALIDATION} core port: invalid port format: x) [config.yml:2:3]`],
  [{ 'core.address': 'a..b' }, 'core.address: must be a host name or an IP address, is "a..b" (Gorush: '],
  [{ 'core.address': 'a..b' }, `${VALIDATION} core address: invalid address format: a..b`],
  [{ 'core.pid.path': 'a/../../x' }, `${VALIDATION} PID path: path traversal detected in PID path: a/../../x`],
  [{ 'core.pid.path': '/x/../etc/y' }, `${VALIDATION} PID path: cannot write PID file to sensitive directory: /etc/y`],
  [{ 'stat.engine': 'redis', 'stat.redis.addr': 'nope' }, `${VALIDATION} Redis address format: nope`],
  [{ 'stat.engine': 'redis', 'stat.redis.addr': 'h:0' }, `${VALIDATION} Redis port: port out of range (1-65535): 0`],
  [{ 'stat.engine': 'redis', 'stat.redis.addr': 'a..b:1' }, `${VALIDATION} Redis host: invalid address format: a..b`],
  [{ 'log.error_log': '/nope/x.log' }, 'Set error log path error: open /nope/x.log: no such file or directory'],
  [{ 'log.access_log': '/' }, 'Set access log path error: open /: is a directory'],
  [{ 'log.access_level': 'Loud' }, 'Set access log level error: not a valid logrus Level: "Loud"'],
  [{ 'stat.engine': 'nope' }, "storage error: can't find storage driver"],
  [{ 'queue.engine': 'nope' }, 'unsupported queue engine: nope'],
  [
    { 'core.http_proxy': 'not a url' },
    'core.http_proxy: must be http://host:port, with user:password@ if need be (Gorush: Set Proxy error)',
  ],
  [{ 'core.ca_path': 'gone.pem' }, 'core.ca_path: no such file or directory: gone.pem'],
  [
    { 'core.ssl': true, 'core.cert_path': 'gone.pem' },
    'core.cert_path: Failed to load https cert file: open gone.pem: no such',
  ],
  [{ 'core.ssl': true, 'core.cert_path': '' }, 'core.ssl: missing https cert config'],
  [
    { 'core.ssl': true, 'core.key_path': 'config.yml', 'core.cert_path': 'config.yml' },
    'core.key_path: what is in config.yml is no private key in PEM format',
  ],
  [{ 'core.ssl': true, 'core.client_ca': 'gone.pem' }, 'core.client_ca: Failed to load https cert file: open gone.pem'],
  [{ 'core.auto_tls.enabled': true }, 'core.auto_tls.host: must name the host that the certificate is for'],
  [
    { 'core.auto_tls.enabled': true, 'core.auto_tls.port': '0' },
    'core.auto_tls.port: must be a number from 1 to 65535, is "0"',
  ],
  [
    { 'core.auto_tls.enabled': true, 'core.auto_tls.directory': 'acme.example' },
    'core.auto_tls.directory: must be an https:// URL',
  ],
  [{ 'api.metric_uri': '/healthz' }, 'api.health_uri: /healthz is api.metric_uri already'],
  [{ 'api.config_uri': '/version' }, 'api.config_uri: /version is the version already'],
  [
    { 'grpc.enabled': true, 'grpc.port': '70000' },
    'grpc.port: must be a number from 1 to 65535, is "70000" (Gorush: port out of range (1-65535): 70000)',
  ],
])('%j is refused', (values, expected) => {
  expect(complaint(() => load(yamlOf(values)))).toContain(expected);
});

test.each([
  { 'core.port': '' },
  { 'core.address': '::1' },
  { 'core.pid.path': '/tmp/../tmp/x.pid' },
  { 'log.access_log': 'access.log' },
  { 'core.http_proxy': 'http://u:p@proxy:3128' },
  { 'core.auto_tls.host': 'a.example' },
  { 'core.auto_tls.enabled': true, 'core.auto_tls.host': 'a.example b.example', 'core.auto_tls.http_port': '' },
  { 'api.push_uri': '/healthz' },
  { 'ios.max_concurrent_pushes': -1 },
  { 'stat.redis.addr': 'unused while the engine is memory' },
])('%j is fine', (values) => {
  expect(load(yamlOf(values)).warnings).toEqual([]);
});

test('an empty port is the default', () => {
  expect(load('core: {port: ""}').config.core.port).toBe('8088');
});

test('a mistake of a flag is told as one', () => {
  const flags = { 'core.port': 'abc', 'core.address': 'a..b', 'core.pid.path': '../x' };
  const message = complaint(() => load('', { flags }));
  expect(message).toContain('Configuration error: invalid port from command line: invalid port format: abc');
  expect(message).toContain('Configuration error: invalid address from command line: invalid address format: a..b');
  expect(message).toContain('Configuration error: invalid PID path from command line: path traversal detected');
});

describe('the file with the process id', () => {
  const pid = (override: boolean) =>
    yamlOf({ 'core.pid.enabled': true, 'core.pid.path': 'x.pid', 'core.pid.override': override });
  const cwd = () => folderWith({ 'x.pid': '1', 'config.yml': pid(false) });

  test('must not be there when it may not be overwritten', () => {
    expect(complaint(() => load('', { cwd: cwd() }))).toBe('core.pid.path: x.pid already exists [config.yml:4:5]');
    expect(load(pid(false)).config.core.pid.enabled).toBe(true);
  });

  test('is of no interest to a push from the command line', () => {
    expect(load('', { cwd: cwd(), purpose: 'ios' }).config.ios.enabled).toBe(true);
  });
});

test('what works, but not as meant, is warned of', () => {
  const yaml = yamlOf({ 'core.feedback_hook_url': 'host/x', 'core.feedback_header': ['secret'], 'log.format': 'xml' });
  const { warnings } = load(yaml);
  expect(warnings).toHaveLength(3);
  expect(warnings.join()).not.toContain('secret');
});

test('secrets of the feedback hook are checked, and never shown', () => {
  const good = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  expect(load(yamlOf({ 'core.feedback_secret': [good, good] })).config.core.feedback_secret).toEqual([good, good]);
  const told = complaint(() => load(yamlOf({ 'core.feedback_secret': [good, 'hunter2'] })));
  expect(told).toContain('core.feedback_secret: no. 2 must be whsec_ and 24 to 64 bytes in base64');
  expect(told).not.toMatch(/hunter2|BwcH/);
});

test('a feedback timeout of 0 is the default', () => {
  expect(load('core: {feedback_timeout: 0}').config.core.feedback_timeout).toBe(10);
});
