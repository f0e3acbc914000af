import { hostname } from 'node:os';

/** `hub.instance`, else one that no other process has. */
export const instanceName = ({ instance }: { readonly instance: string }): string =>
  instance || `${hostname()}:${process.pid}`;
