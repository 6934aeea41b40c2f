-- Store a budget if it is still the one that was loaded, else return the one that is there, and the time.
local tag, state = unpack(redis.call('HMGET', KEYS[1], 'tag', 'state'))
if ARGV[1] == (tag or '') then
  redis.call('HSET', KEYS[1], 'tag', ARGV[2], 'state', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return false
end
return {tag or '', state or '', redis.call('TIME')}
