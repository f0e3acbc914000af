/** Cases that belong to later work, by `group/name`, each with its reason. Nothing else is skipped. */
export const skipped: Readonly<Record<string, string>> = {};
