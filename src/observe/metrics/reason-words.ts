import { STATUS_CODES } from 'node:http';
import { constants } from 'node:os';
import { camelCase } from '../../carrier/reasons.ts';
import { errorCodes } from '../../http2/frames/frames.ts';
import { relayReasons } from '../../providers/advice.ts';
import type { ProviderTable } from '../../providers/registry.ts';

/** Codes of the HTTP/2 client and of Node, beside the system's own (ECONNREFUSED, …). */
const FAULTS = [
  'CONNECTION_LOST',
  'CONNECT_FAILED',
  'CONNECT_TIMEOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'GOAWAY',
  'INVALID_REQUEST',
  'MALFORMED_RESPONSE',
  'NO_HTTP2',
  'PING_TIMEOUT',
  'POOL_CLOSED',
  'PROTOCOL_ERROR',
  'PROXY_REFUSED',
  'PROXY_TLS_FAILED',
  'REFUSED_STREAM',
  'REQUEST_TIMEOUT',
  'STREAM_IDS_EXHAUSTED',
  'WAIT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ...Object.keys(errorCodes).flatMap((name) => [`RST_${name}`, `HTTP2_${name}`]),
  ...Object.keys(constants.errno),
];

/** An answer without a readable word is called by its status: `BadGateway`. */
const statusWords = Object.values(STATUS_CODES).map((text = '') => text.replaceAll(/\W/g, ''));

const common = [...Object.keys(relayReasons), ...FAULTS.map(camelCase), ...statusWords];

/** Every `reason` that is a label. A provider may say anything; what is not in here is `other`. */
export const reasonWords = ({ rows }: Pick<ProviderTable, 'rows'>): ReadonlySet<string> =>
  new Set([...common, ...rows.flatMap(({ reasons, moreReasons = [] }) => [...Object.keys(reasons), ...moreReasons])]);
