import { bytes, choice, flag, integer, list, ours, seconds, section, shown, text } from './leaf.ts';

export const coreSection = section('The HTTP server and the process.', {
  enabled: flag(true, 'Serve HTTP.'),
  address: text('', 'Address or name to listen on, IPv6 with or without brackets; empty: all interfaces.', shown),
  shutdown_timeout: seconds(
    30,
    'How long a shutdown waits for pushes that are under way; the rest stays in the queue.',
  ),
  port: text('8088', 'Port to listen on. Not used with `core.auto_tls.enabled`, which listens on 443.', shown),
  max_notification: integer(100, 'Notifications that one request may carry; more are refused with 400.'),
  worker_num: integer(
    0,
    'Ten calls of the feedback hook may be under way for each; 0: the number of CPU cores. Pushes are limited by what the provider accepts.',
  ),
  queue_num: integer(
    0,
    'Notifications that may wait; 0: 8192. A request that does not fit gets 503 with Retry-After. Where there are several apps one may hold half of it, and each has an equal part of a quarter to itself. What waits takes a third of the heap at most, however few notifications that are.',
    {
      ...shown,
      minimum: 0,
    },
  ),
  mode: choice(['release', 'debug', 'test'], 'release', 'Kept for Gorush; `debug` and `release` behave alike.'),
  sync: flag(false, 'Answer /api/push when the outcome of every push is known, with the failed ones in `logs`.'),
  ssl: flag(false, 'Serve HTTPS with `core.cert_path` and `core.key_path`, or with their base64 twins.'),
  cert_path: text('cert.pem', 'Certificate of the server, a PEM file.'),
  key_path: text('key.pem', 'Private key of the server, a PEM file.'),
  cert_base64: text('', 'Certificate of the server, PEM in base64; used when no path is given.'),
  key_base64: text('', 'Private key of the server, PEM in base64; used when no path is given.'),
  http_proxy: text('', 'Proxy for the providers: `http://user:password@host:port`.'),
  pid: section('The file with the process id.', {
    enabled: flag(false, 'Write the process id to a file.'),
    path: text(
      'gorush.pid',
      'Where to; not outside the working folder by `..`, not below /etc, /usr, /var, /sys, /proc.',
      shown,
    ),
    override: flag(true, 'Overwrite a file that is there already; else that is an error.'),
  }),
  auto_tls: section("Certificates from Let's Encrypt.", {
    enabled: flag(false, "Serve HTTPS on port 443 with a certificate from Let's Encrypt."),
    folder: text('.cache', 'Folder that the certificates are kept in.', shown),
    host: text('', 'Host name of the certificate; several, with a certificate each, divided by commas.', shown),
    directory: text(
      'https://acme-v02.api.letsencrypt.org/directory',
      'The certificate authority: its ACME directory.',
      ours,
    ),
    port: text('443', 'Port to serve HTTPS on, where port 443 of the host leads to.', ours),
    http_port: text(
      '80',
      'Port that answers the authority (HTTP-01) and leads everything else to HTTPS, where port 80 of the host leads to. Empty: none; the HTTPS port answers the authority too (TLS-ALPN-01).',
      ours,
    ),
  }),
  feedback_hook_url: text('', 'URL that failed pushes are reported to; empty: none.', shown),
  feedback_timeout: seconds(10, 'How long one call of the hook may take; 0: 10.'),
  feedback_header: list('Headers for the hook, `name:value` each, split at the first colon.'),
  feedback_secret: list(
    'Standard Webhooks secrets (`whsec_…`), the newest first: each call of the hook is signed with all of them.',
    { martlet: true },
  ),
  sync_timeout: seconds(
    30,
    'When a request in sync mode is answered with what there is; the rest is reported as `Pending` and goes on.',
    ours,
  ),
  max_body: bytes(10 * 1024 * 1024, 'Largest request body; larger ones get 413.', ours),
  max_bodies: bytes(
    128 * 1024 * 1024,
    'All request bodies that are being received at once, over all connections; one key, or one address where no key is asked for, may have a quarter of it. Further ones get 503. Four times `core.max_body` at least. Of each body what is beyond 16 KiB counts.',
    ours,
  ),
  max_json_depth: integer(100, 'Objects and arrays within each other in a request body; deeper ones get 400.', {
    ...ours,
    minimum: 5,
    maximum: 1000,
  }),
  max_json_keys: integer(200_000, 'Keys of all objects of a request body together; a body with more gets 400.', {
    ...ours,
    minimum: 100,
  }),
  max_targets: integer(
    200_000,
    'Device tokens of all notifications of a request together; a body with more, or with more values than this and `core.max_json_keys` together, gets 400.',
    { ...ours, minimum: 1000 },
  ),
  processes: integer(
    1,
    'Worker processes that share the port; 0: one for each CPU core. Not with `sandbox.enabled`, which lives inside one.',
    { ...ours, minimum: 0 },
  ),
  max_connections: integer(
    10_000,
    'Connections of HTTP and gRPC that are served at once. A further one takes the place of one that has no request, else it is closed. 0: any number. Fewer, with a warning, where the system allows the process too few files (`ulimit -n`).',
    {
      ...ours,
      minimum: 0,
    },
  ),
  header_timeout: seconds(10, 'How long a client may take to send the head of a request.', ours),
  idle_timeout: seconds(
    75,
    'How long a connection without a request stays open; more than the 60 s of common load balancers.',
    ours,
  ),
  shutdown_delay: seconds(
    0,
    'How long to go on serving, though /readyz says 503, before a shutdown closes the port.',
    ours,
  ),
  client_ca: text(
    '',
    'PEM file with the authorities of client certificates; with it every request but a health check needs one.',
    ours,
  ),
  admin_address: text(
    '',
    'Address (`host:port`) for metrics, counters, configuration and administration; the port of the API then answers 404 for them.',
    ours,
  ),
  ca_path: text(
    '',
    'PEM file with certificate authorities that are trusted in addition to the usual ones, for providers and the hook.',
    ours,
  ),
});

const uri = (path: string, description: string) =>
  text(path, description, { ...shown, pattern: '^/', wanted: 'a path that begins with "/"' });

export const apiSection = section('Where the HTTP API is.', {
  push_uri: uri('/api/push', 'POST: send.'),
  stat_go_uri: uri('/api/stat/go', 'GET: figures of the runtime.'),
  stat_app_uri: uri('/api/stat/app', 'GET: counters of pushes.'),
  config_uri: uri('/api/config', 'GET: this configuration as YAML, without secrets.'),
  sys_stat_uri: uri('/sys/stats', 'GET: counters of HTTP answers.'),
  metric_uri: uri('/metrics', 'GET: Prometheus metrics.'),
  health_uri: uri('/healthz', 'GET, HEAD: 200 while the process lives.'),
});

export const grpcSection = section('The gRPC API.', {
  enabled: flag(false, 'Serve gRPC.'),
  port: text('9000', 'Port to listen on.', shown),
});

export const sandboxSection = section('Simulated providers inside the process.', {
  enabled: flag(
    false,
    'Send to simulated providers instead of the real ones; needs no credentials. Never in production.',
    ours,
  ),
});
