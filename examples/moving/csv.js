/** Reads CSV as spreadsheets and databases write it (RFC 4180): quoted fields may have commas, quotes and line breaks in them. */
import { createReadStream } from 'node:fs';

/** Each row as an object by the names of the first line. A file of any size is read a piece at a time. */
export async function* readCsv(path) {
  let names;
  for await (const row of rowsOf(path)) {
    if (!names) names = row.map((name) => name.trim());
    else if (row.length > 1 || row[0] !== '') yield Object.fromEntries(names.map((name, at) => [name, row[at] ?? '']));
  }
}

async function* rowsOf(path) {
  let row = [];
  let field = '';
  let isQuoted = false;
  let wasQuote = false;
  let wasReturn = false;
  for await (const piece of createReadStream(path, 'utf8'))
    for (const char of piece) {
      if (isQuoted && !wasQuote && char !== '"') field += char;
      else if (isQuoted && char === '"') {
        // Two quotes are one; one ends the field.
        if (wasQuote) field += '"';
        wasQuote = !wasQuote;
      } else if (char === '"' && field === '' && !isQuoted) {
        isQuoted = true;
        wasQuote = false;
      } else if (char === ',') {
        row.push(field);
        [field, isQuoted, wasQuote] = ['', false, false];
      } else if (char === '\n' || char === '\r') {
        if (char === '\r' || !wasReturn) {
          yield [...row, field];
          [row, field, isQuoted, wasQuote] = [[], '', false, false];
        }
      } else if (char !== '\uFEFF') field += char;
      wasReturn = char === '\r';
    }
  if (row.length > 0 || field !== '') yield [...row, field];
}
