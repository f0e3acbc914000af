/**
 * The first code of the executable: runs the program's chunks (assets below `program/`), each when it is first asked for, with V8's
 * code cache of it where there is one. One that has the asset `record` is not shipped: at its end it writes these caches into its
 * working folder (code-caches.ts).
 */
const { writeFileSync } = require('node:fs');
const { getAssetKeys, getRawAsset } = require('node:sea');
const { constants, Script } = require('node:vm');

const keys = new Set(getAssetKeys());
const modules = new Map();
const scripts = new Map();

function compile(name) {
  const text = Buffer.from(getRawAsset(`program/${name}`)).latin1Slice();
  const cache = `cache/${name}`;
  const script = new Script(`(function (exports, require, module) {${text}\n})`, {
    filename: name,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(keys.has(cache) ? { cachedData: Buffer.from(getRawAsset(cache)) } : {}),
  });
  if (keys.has('record')) scripts.set(name, script);
  return script;
}

function load(id) {
  if (!id.startsWith('./')) return require(id);
  const name = id.slice(2);
  const known = modules.get(name);
  if (known) return known.exports;
  const module = { exports: {} };
  modules.set(name, module);
  try {
    compile(name).runInThisContext()(module.exports, load, module);
  } catch (error) {
    modules.delete(name);
    throw error;
  }
  return module.exports;
}

process.on('exit', () => {
  for (const [name, script] of scripts) writeFileSync(name, script.createCachedData());
});
load('./main.js');
