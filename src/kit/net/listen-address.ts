/** `host:port`, `[::1]:port`, `:port`; undefined for anything else. An empty host: all interfaces. */
export function listenAddress(text: string): { host: string; port: string } | undefined {
  const [, six, four = '', port = ''] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/i.exec(text) ?? [];
  return port === '' || Number(port) > 65_535 ? undefined : { host: six ?? four, port };
}
