/** A text for a cell of a Markdown table, in which nothing counts as markup but code. */
export const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
