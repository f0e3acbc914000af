import { createReadStream } from 'node:fs';
import { fileTrouble } from '../../kit/files/file-trouble.ts';
import { jsonObjectIn } from '../../kit/http/answer-form.ts';
import { boundedText } from '../../kit/text/bounded-text.ts';
import { type AwsSurroundings, awsSubjectToken } from './aws-subject-token.ts';
import type { ExternalAccount, TokenFormat } from './external-account.ts';

export interface SubjectSurroundings extends AwsSurroundings {
  /** Milliseconds for reading a file. */
  readonly timeoutMs: number;
}

/** Bytes of a file. */
const MOST_BYTES = 1024 * 1024;
const LONGEST_ANSWER = 200;

/**
 * The token of the other identity provider, read again for each sign-in: it changes every hour or so.
 * @throws Error naming the field of `credential_source` that did not help, and nothing of a token
 */
export async function subjectToken(account: ExternalAccount, around: SubjectSurroundings): Promise<string> {
  const { source } = account;
  switch (source.type) {
    case 'aws':
      return awsSubjectToken(source, account, around);
    case 'file':
      return tokenIn(
        await contentOf(source.file, around.timeoutMs),
        source.format,
        `credential_source.file ${source.file}`,
      );
    case 'url': {
      const { status, text } = await around.call({
        method: 'GET',
        url: source.url,
        headers: source.headers,
        body: null,
      });
      if (status >= 200 && status < 300) return tokenIn(text, source.format, 'credential_source.url');
      throw new Error(`credential_source.url: ${status}\nResponse: ${text.slice(0, LONGEST_ANSWER)}`);
    }
  }
}

async function contentOf(path: string, timeoutMs: number): Promise<string> {
  try {
    return await boundedText(createReadStream(path, { signal: AbortSignal.timeout(timeoutMs) }), MOST_BYTES);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`credential_source.file ${path}: ${code === undefined ? message : fileTrouble(error)}`);
  }
}

function tokenIn(text: string, format: TokenFormat, where: string): string {
  const token = format.type === 'text' ? text.trim() : jsonObjectIn(text.replace(/^\uFEFF/, ''))?.[format.field];
  if (typeof token === 'string' && token !== '') return token;
  const wanted = format.type === 'text' ? 'token' : `text "${format.field}" in JSON (format.subject_token_field_name)`;
  throw new Error(`${where}: there is no ${wanted}`);
}
