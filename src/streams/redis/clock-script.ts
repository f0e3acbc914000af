/** Begins every script: `now` is ARGV 1, UNIX milliseconds, or the clock of the server where that is empty; `text(n)` writes one out. */
export const CLOCK = `
local now = tonumber(ARGV[1])
if not now then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local function text(number) return string.format('%.0f', number) end
`;
