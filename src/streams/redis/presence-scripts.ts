/**
 * A person's presence is one hash: `c:<id>` a connection, `<until>|<JSON>`; `said`, `<until>|<state>`; `seen`, UNIX milliseconds.
 * ARGV of each script: 1 the time in UNIX milliseconds, empty for that of the server; 2 how long the hash is kept, in milliseconds.
 */
import { CLOCK } from './clock-script.ts';

/** KEYS: the hash. ARGV 3 the lease in milliseconds, 4 whether the person was active just now (1), then field and value of each. */
export const PUT = `${CLOCK}
for i = 5, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], text(now + ARGV[3]) .. '|' .. ARGV[i + 1]) end
if ARGV[4] == '1' then redis.call('HSET', KEYS[1], 'seen', text(now)) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`;

/** KEYS: the hash. ARGV 3 the connection's field. */
export const LEAVE = `${CLOCK}
if redis.call('HDEL', KEYS[1], ARGV[3]) == 1 then
  redis.call('HSET', KEYS[1], 'seen', text(now))
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
`;

/** KEYS: the hash of each person. Answers for each a list of field and value; leases that are over are removed. */
export const LOOK = `${CLOCK}
local answer = {}
for n, key in ipairs(KEYS) do
  local all = redis.call('HGETALL', key)
  local held = {}
  for i = 1, #all, 2 do
    local field, value = all[i], all[i + 1]
    local till, rest = string.match(value, '^(%d+)|(.*)$')
    if not till then
      held[#held + 1], held[#held + 2] = field, value
    elseif tonumber(till) > now then
      held[#held + 1], held[#held + 2] = field, rest
    else
      redis.call('HDEL', key, field)
    end
  end
  answer[n] = held
end
return answer
`;
