/**
 * What Redis does in one step. Of each person there are three keys in one slot: `m` a hash with `made` (UNIX milliseconds of the
 * epoch), `run` (the server process that wrote it last), `floor`, `head`, `bytes`; `s` the stream, an entry `<offset>-0` for each
 * event; `k` a hash from the keys of events to their offsets. They expire together, `m` first: what is left of the others belongs to no stream.
 */
import { CLOCK } from './clock-script.ts';

/**
 * `open(m)` reads `m`, makes it where it is missing, and begins a later epoch under another server process.
 * Every script begins with it. ARGV: 1 the time in UNIX milliseconds, empty for that of the server; 2 how long keys are kept, in
 * milliseconds; 3 the server process, empty to be asked here.
 */
const OPENING = `${CLOCK}
local run = ARGV[3]
if run == '' then run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or '' end
local function open(m)
  local f = redis.call('HMGET', m, 'made', 'run', 'floor', 'head', 'bytes')
  local made = tonumber(f[1])
  if not made then
    made = now
    redis.call('HSET', m, 'made', text(made), 'run', run, 'floor', '0', 'head', '0', 'bytes', '0')
  elseif f[2] ~= run then
    made = math.max(made + 1, now)
    redis.call('HSET', m, 'made', text(made), 'run', run)
  end
  local floor, head = tonumber(f[3]) or 0, tonumber(f[4]) or 0
  -- With events it lasts as long as they do: it is renewed with them.
  if floor == head then redis.call('PEXPIRE', m, ARGV[2]) end
  return made, floor, head, tonumber(f[5]) or 0
end
local function entry(e)
  local r = {}
  for i = 1, #e[2], 2 do r[e[2][i]] = e[2][i + 1] end
  return r
end
`;

/** `drop()` removes the oldest event: of a stream with `floor`, `bytes`. */
const DROPPING = `
local function drop(s, k, floor, bytes)
  local oldest = redis.call('XRANGE', s, '-', '+', 'COUNT', 1)[1]
  if not oldest then return floor + 1, 0 end
  local r = entry(oldest)
  redis.call('XDEL', s, oldest[1])
  if r.k then redis.call('HDEL', k, r.k) end
  return floor + 1, bytes - string.len(r.t) - string.len(r.p)
end
`;

/** KEYS: m, s, k. ARGV 4 the most events, 5 the most bytes, then type, payload, timestamp, key (empty: none) of each. Answers made, whether it was empty before, then offset, type, payload, timestamp of each. */
export const SAVE = `${OPENING}${DROPPING}
local m, s, k = KEYS[1], KEYS[2], KEYS[3]
local made, floor, head, bytes = open(m)
if head == 0 then redis.call('DEL', s, k) end
local answer = { text(made), head == floor and 1 or 0 }
for i = 6, #ARGV, 4 do
  local t, p, ts, key = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local before = key ~= '' and redis.call('HGET', k, key)
  local known = before and redis.call('XRANGE', s, before .. '-0', before .. '-0')[1]
  if known then
    local r = entry(known)
    t, p, ts = r.t, r.p, r.ts
  else
    head = head + 1
    before = text(head)
    if key ~= '' then
      redis.call('XADD', s, before .. '-0', 't', t, 'p', p, 'ts', ts, 'at', text(now), 'k', key)
      redis.call('HSET', k, key, before)
    else
      redis.call('XADD', s, before .. '-0', 't', t, 'p', p, 'ts', ts, 'at', text(now))
    end
    bytes = bytes + string.len(t) + string.len(p)
    while head - floor > tonumber(ARGV[4]) or (bytes > tonumber(ARGV[5]) and head - floor > 1) do
      floor, bytes = drop(s, k, floor, bytes)
    end
  end
  for _, value in ipairs({ before, t, p, ts }) do answer[#answer + 1] = value end
end
redis.call('HSET', m, 'head', text(head), 'floor', text(floor), 'bytes', text(bytes))
redis.call('PEXPIRE', m, ARGV[2])
redis.call('PEXPIRE', s, ARGV[2] + 60000)
redis.call('PEXPIRE', k, ARGV[2] + 60000)
return answer
`;

/** KEYS: m, s. ARGV 4 the offset after which to read, 5 the most events, 6 the bytes after which it ends. Answers made, floor, head, the offset that was taken (floor, where the one given is outside), then offset, type, payload, timestamp of each. */
export const LIST = `${OPENING}
local m, s = KEYS[1], KEYS[2]
local made, floor, head = open(m)
-- A Redis that is full and may evict took the events and left the rest: what is gone counts as trimmed.
local oldest = redis.call('XRANGE', s, '-', '+', 'COUNT', 1)[1]
local gone = (oldest and tonumber(string.match(oldest[1], '^%d+')) or head + 1) - 1
if gone > floor then
  floor = gone
  redis.call('HSET', m, 'floor', text(floor))
end
local after = tonumber(ARGV[4])
if after < floor or after > head then after = floor end
local answer = { text(made), text(floor), text(head), text(after) }
local left, room = tonumber(ARGV[5]), tonumber(ARGV[6])
while left > 0 and room > 0 and after < head do
  local some = redis.call('XRANGE', s, text(after + 1) .. '-0', '+', 'COUNT', math.min(left, 16))
  if #some == 0 then break end
  for _, e in ipairs(some) do
    local r = entry(e)
    after = tonumber(string.match(e[1], '^%d+'))
    for _, value in ipairs({ text(after), r.t, r.p, r.ts }) do answer[#answer + 1] = value end
    left, room = left - 1, room - string.len(r.p)
    if room <= 0 then break end
  end
end
return answer
`;

/** KEYS: m of each person. Answers made, floor, head of each. */
export const BOUNDS = `${OPENING}
local answer = {}
for _, m in ipairs(KEYS) do
  local made, floor, head = open(m)
  for _, value in ipairs({ text(made), text(floor), text(head) }) do answer[#answer + 1] = value end
end
return answer
`;

/** KEYS: m, s, k. Answers how many events there were. */
export const FORGET = `${OPENING}
local m, s, k = KEYS[1], KEYS[2], KEYS[3]
local made, floor, head = open(m)
if head > 0 then
  redis.call('DEL', s, k)
  redis.call('HSET', m, 'made', text(math.max(made + 1, now)), 'floor', '0', 'head', '0', 'bytes', '0')
end
return head - floor
`;

/** KEYS: m, s, k. ARGV 4 UNIX milliseconds: what was saved before goes. Answers how many, and when the oldest that stays was saved (empty: none). */
export const CLEANUP = `${OPENING}${DROPPING}
local m, s, k = KEYS[1], KEYS[2], KEYS[3]
local made, floor, head, bytes = open(m)
local before = floor
local oldest = ''
while floor < head do
  local first = redis.call('XRANGE', s, '-', '+', 'COUNT', 1)[1]
  if not first then break end
  local at = entry(first).at
  if tonumber(at) >= tonumber(ARGV[4]) then
    oldest = at
    break
  end
  floor, bytes = drop(s, k, floor, bytes)
end
if floor ~= before then redis.call('HSET', m, 'floor', text(floor), 'bytes', text(bytes)) end
return { floor - before, oldest }
`;
