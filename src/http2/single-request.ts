import type { Burst, RequestTemplate, ResponseHeaders, StreamFault } from './http2-pool.ts';

/** A request that is no push: what became of it goes to one callback. `body` is only valid during the call. */
export interface SingleRequestOptions {
  /** With path and body. */
  readonly template: RequestTemplate & { readonly path: string; readonly body: Uint8Array };
  readonly onResponse: (status: number, headers: ResponseHeaders, body: Buffer) => void;
  readonly onFault: (fault: StreamFault) => void;
}

/** A burst of one. */
export const singleRequest = ({ template, onResponse, onFault }: SingleRequestOptions): Burst => ({
  template,
  count: 1,
  path: () => template.path,
  body: () => template.body,
  onResponse: (_, status, headers, body) => onResponse(status, headers, body),
  onFault: (_, fault) => onFault(fault),
});
