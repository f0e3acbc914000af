import { ConnectionError } from '../connection-error.ts';
import {
  DEFAULT_MAX_FRAME,
  MAX_WINDOW,
  readUint32,
  SETTINGS_ENABLE_PUSH,
  SETTINGS_HEADER_TABLE_SIZE,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX_CONCURRENT_STREAMS,
  SETTINGS_MAX_FRAME_SIZE,
} from './frames.ts';

/** The settings of one frame that mean something to a client that takes no pushes; unknown ones are ignored. */
export interface PeerSettings {
  headerTableSize?: number;
  maxConcurrentStreams?: number;
  initialWindowSize?: number;
  maxFrameSize?: number;
}

/** Reads and checks a SETTINGS payload (RFC 9113 section 6.5.2). Throws ConnectionError. */
export function readSettings(bytes: Uint8Array, start: number, end: number): PeerSettings {
  if ((end - start) % 6 !== 0) throw new ConnectionError('FRAME_SIZE_ERROR', 'SETTINGS of a wrong length');
  const settings: PeerSettings = {};
  for (let at = start; at < end; at += 6) {
    const value = readUint32(bytes, at + 2);
    switch ((bytes[at]! << 8) | bytes[at + 1]!) {
      case SETTINGS_HEADER_TABLE_SIZE:
        settings.headerTableSize = value;
        break;
      case SETTINGS_ENABLE_PUSH:
        if (value !== 0) throw new ConnectionError('PROTOCOL_ERROR', 'a server that sets ENABLE_PUSH');
        break;
      case SETTINGS_MAX_CONCURRENT_STREAMS:
        settings.maxConcurrentStreams = value;
        break;
      case SETTINGS_INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW) throw new ConnectionError('FLOW_CONTROL_ERROR', `an initial window of ${value}`);
        settings.initialWindowSize = value;
        break;
      case SETTINGS_MAX_FRAME_SIZE:
        if (value < DEFAULT_MAX_FRAME || value > 0xff_ffff) {
          throw new ConnectionError('PROTOCOL_ERROR', `a largest frame of ${value}`);
        }
        settings.maxFrameSize = value;
        break;
    }
  }
  return settings;
}
