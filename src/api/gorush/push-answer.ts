import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { JSON_TYPE, noteSize, sendJson } from '../../kit/http/answer.ts';
import { cutWhenUnread } from '../../kit/http/cut-when-unread.ts';
import type { PushEntry } from '../../push/push-entry.ts';
import type { FieldWarning } from '../../push/wire/misspelled.ts';

/** What `/api/push` answers: Gorush's fields, and those that Martlet adds. */
export interface PushAnswer {
  readonly counts: number;
  readonly logs: readonly PushEntry[];
  readonly success: 'ok';
  readonly request_id: string;
  readonly trace_id?: string;
  /** What of the request has no effect; absent: nothing. */
  readonly warnings?: readonly FieldWarning[];
}

/** Failed pushes whose answer is one piece, with its length; and of each piece of a longer one. */
const PIECE = 1000;

/** An answer with hundreds of thousands of failed pushes is longer than a text can be: it is written as fast as it is read. */
export function sendPushAnswer(
  res: ServerResponse,
  answer: PushAnswer,
  headers: Readonly<Record<string, string>>,
): void {
  if (answer.logs.length <= PIECE) {
    sendJson(res, 200, answer, headers);
    return;
  }
  res.writeHead(200, { ...headers, 'Content-Type': JSON_TYPE });
  cutWhenUnread(res);
  // A caller that has gone away reads no more of it.
  pipeline(Readable.from(piecesOf(answer, (size) => noteSize(res, size))), res, () => {});
}

/** @param written called with the bytes of all pieces before the last one is handed out */
function* piecesOf({ logs, counts, ...rest }: PushAnswer, written: (size: number) => void): Generator<string> {
  let size = 0;
  const measured = (piece: string): string => {
    size += Buffer.byteLength(piece);
    return piece;
  };
  for (let from = 0; from < logs.length; from += PIECE) {
    const entries = JSON.stringify(logs.slice(from, from + PIECE)).slice(1, -1);
    yield measured(from === 0 ? `{"counts":${counts},"logs":[${entries}` : `,${entries}`);
  }
  const last = measured(`],${JSON.stringify(rest).slice(1)}`);
  written(size);
  yield last;
}
