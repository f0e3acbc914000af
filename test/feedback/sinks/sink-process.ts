/** Publishes to a sink that takes nothing, and waits to be killed: node sink-process.ts <kind> <folder> <url> <events> */
import { sinkKinds } from './sink-kinds.ts';

const [name, folder = '', url = '', events = '0'] = process.argv.slice(2);
const kind = sinkKinds.find((each) => each.name === name);
if (!kind) throw new Error(`no such kind: ${name}`);
const sinks = await kind.open({ dead: { url, allowPrivate: true } }, folder);
for (let count = 0; count < Number(events); count++) await sinks.publish('ada', 'a', count);
setInterval(() => {}, 1000);
