-- Load a budget if it is the caller's turn, or store it if it is still the one that was loaded.
-- The turn is the one element of a list. It only saves vain tries: whoever waits in vain goes on, and the tag decides.
local budget, turn = KEYS[1], KEYS[2]
local waited, tag, new, state, life = unpack(ARGV)
local stored = redis.call('HGET', budget, 'tag') or ''
if not tag then
  if waited == '' and stored ~= '' and not redis.call('LPOP', turn) then return false end
  return {stored, redis.call('HGET', budget, 'state') or '', redis.call('TIME')}
end
if stored == tag then
  redis.call('HSET', budget, 'tag', new, 'state', state)
  redis.call('PEXPIRE', budget, life)
end
if redis.call('LLEN', turn) == 0 then redis.call('RPUSH', turn, '') end
redis.call('PEXPIRE', turn, life)
return stored == tag and 1 or false
