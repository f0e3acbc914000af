/** An object, whose fields have names of ours, without those that are undefined. It is made for each push: no list of fields is. */
export function defined<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  const kept: { [Name in keyof Fields]?: Fields[Name] } = {};
  for (const name in fields) if (fields[name] !== undefined) kept[name] = fields[name];
  return kept as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}
