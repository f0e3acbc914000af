/** A heading of docs/README.md, and the pages that it leads to: what there is to read, in the order of its readers. */
export interface GuideGroup {
  readonly title: string;
  readonly guides: readonly Guide[];
}

export interface Guide {
  readonly title: string;
  /** Of its file, from docs/ on, without its ending: `hub/tasks`. */
  readonly name: string;
}

/** @param index the text of docs/README.md */
export const guideGroups = (index: string): GuideGroup[] =>
  index
    .split(/^## /m)
    .slice(1)
    .map((part) => ({
      title: part.slice(0, part.indexOf('\n')),
      guides: [...part.matchAll(/\[([^[\]]+)\]\(([^()[\]#\s]+)\.md[^()[\]]*\)/g)].map(([, title, name]) => ({
        title: title as string,
        name: name as string,
      })),
    }))
    .filter(({ guides }) => guides.length > 0);
