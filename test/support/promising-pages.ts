/** Where promises are made; what is not promised, and what is told of the tests themselves, is in other sections. */
export const promising: Readonly<Record<string, readonly string[]>> = {
  'docs/security.md': ['From whom', 'What is checked where'],
  'docs/durability.md': [
    'What survives what',
    'How',
    'What a mistake of ours ends, and what it does not',
    'What ends the process again and again',
    'What may happen twice',
    'A full queue',
    'A full disk',
  ],
  'docs/feedback.md': ['The feedback hook', 'Delivery', 'Signatures', 'Where a hook may lead'],
  'docs/queues.md': ['Queues', 'Redis', 'NATS', 'NSQ', 'From a Gorush'],
  'docs/apps.md': [
    'Apps',
    'Which app a notification is for',
    'What an app sets, and what it does not',
    'What is apart',
    'Counters',
    'Changes while it runs',
    'Apps made at run time',
  ],
  'docs/operations.md': [
    'Health',
    'Behind a balancer',
    'Shutdown and rolling restart',
    'The queue file',
    'Retries',
    'Feedback hook',
    'Logs',
    'Counters',
    'Keys and certificates',
    'Memory',
  ],
  'docs/authentication.md': [
    'Who may call',
    'API keys',
    'Scopes',
    'Tokens (JWT)',
    'Tokens of people',
    'Client certificates',
    'gRPC',
    'Answers',
    'Rate limits',
    'Guessing',
    'A port for administration',
    'Audit log',
  ],
};

interface Section {
  readonly title: string;
  /** Paragraphs, lists and tables, without the code between them. */
  readonly blocks: readonly string[];
}

/** A section goes on through headings of a lower rank. */
export function sectionsOf(page: string): Section[] {
  const prose = page.replace(/^```[\s\S]*?^```$/gm, '');
  return prose.split(/^##? /m).map((section) => {
    const [title = '', ...lines] = section.split('\n');
    const blocks = lines.join('\n').split(/\n\s*\n/);
    return {
      title,
      blocks: blocks.map((block) => block.trim()).filter((block) => block !== '' && !block.startsWith('#')),
    };
  });
}

/**
 * Promises of a section that name no test: its paragraphs but those that lead to what is below (`:`), items of its lists, rows of its
 * tables. A paragraph that begins with `Proof` is about the block in front of it.
 */
export const unproven = ({ blocks }: Section): string[] =>
  blocks.flatMap((block, index) => (blocks[index + 1]?.startsWith('Proof') ? [] : promisesOf(block))).filter(hasNoTest);

const hasNoTest = (promise: string): boolean => testsIn(promise).length === 0;

function promisesOf(block: string): string[] {
  if (block.startsWith('|')) return tableRows(block);
  if (/^(?:-|\d+\.) /.test(block)) return block.match(/^(?:-|\d+\.) .*(?:\n {2,}.*)*/gm) ?? [];
  return block.endsWith(':') ? [] : [block];
}

const isDelimiter = (line: string | undefined): boolean => line !== undefined && /^\|[ |:-]+$/.test(line);

/** Those of the body. */
const tableRows = (table: string): string[] =>
  table.split('\n').filter((line, index, lines) => !isDelimiter(line) && !isDelimiter(lines[index + 1]));

/** Files of tests, a name without a folder being in that of the one before it. */
export function testsIn(text: string): string[] {
  let folder = '';
  return [...text.matchAll(/`((?:test\/(?:[\w./-]*\/)?)?)([\w-]+(?:\.(?:peer|heavy))?\.test\.ts)`/g)].map(
    ([, own = '', name]) => {
      if (own !== '') folder = own;
      return folder + name;
    },
  );
}
