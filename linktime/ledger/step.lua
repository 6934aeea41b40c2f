-- One step of a RedisLedger, whole or not at all. All times are microseconds of this server's own clock.
local COOLING, OUT, SEEN, AGAIN, SPARE, GATE, CHANGES = unpack(KEYS)
local ask = cjson.decode(ARGV[1])
local call, inf = redis.call, math.huge

-- A clock that is set back goes on from where it was; else slots would be used for as long again.
local function moment()
  local time = call('TIME')
  local told = ask.now or time[1] * 1000000 + time[2]
  local latest, ahead = unpack(call('HMGET', GATE, 'latest', 'ahead'))
  ahead = math.max(ahead or 0, (latest or 0) - told)
  call('HSET', GATE, 'latest', told + ahead, 'ahead', ahead)
  return told + ahead
end

local function leave(server)
  for _, key in ipairs({SEEN, AGAIN, SPARE}) do call('ZREM', key, server) end
end

local function clear(now)
  call('ZREMRANGEBYSCORE', COOLING, '-inf', now)
  call('ZREMRANGEBYSCORE', OUT, '-inf', now)
  for _, server in ipairs(call('ZRANGEBYSCORE', SEEN, '-inf', now - ask.quiet)) do leave(server) end
end

local function slot(ident) return ask.server .. ' ' .. ident end

local function owner(slot) return string.match(slot, '^(%S*) ') end

local function dues(key)
  local found, scored = {}, call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for place = 2, #scored, 2 do found[#found + 1] = tonumber(scored[place]) end
  return found
end

local function from(now, moments)
  for place, moment in ipairs(moments) do moments[place] = moment - now end
  return moments
end

local function held()
  local count = {}
  for _, key in ipairs({COOLING, OUT}) do
    for _, slot in ipairs(call('ZRANGE', key, 0, -1)) do
      local server = owner(slot)
      count[server] = (count[server] or 0) + 1
    end
  end
  return count
end

-- The places that are kept for servers without any, unless the asking one is one of them. What a dead one held is free
-- after a lease, and none is kept for it then.
local function places(now, count)
  if not count[ask.server] then return 0 end
  local found = 0
  for _, server in ipairs(call('ZRANGEBYSCORE', SEEN, string.format('(%.0f', now - ask.lease), '+inf')) do
    if not count[server] then found = found + 1 end
  end
  return math.min(found, ask.places)
end

local function standing(now, count, wait)
  local turns, shut = unpack(call('HMGET', GATE, 'turns', 'shut'))
  return {
    wait == inf and -1 or wait or 0,
    math.max(0, (shut or 0) - now),
    shut and 1 or 0,
    tonumber(turns or 0),
    call('ZCARD', SEEN),
    places(now, count),
    from(now, dues(COOLING)),
    from(now, dues(OUT)),
  }
end

-- When there will be a free slot beside the spare ones; infinite if nobody knows.
local function due(cooling, free, spare)
  if spare < free then return -inf end
  return cooling[spare - free + 1] or inf
end

local function gate(now)
  local shut, probe, probing = unpack(call('HMGET', GATE, 'shut', 'probe', 'probing'))
  if not shut then return 0 end
  return probe and tonumber(probing) > now and inf or shut - now
end

local function others_are_out()
  for _, slot in ipairs(call('ZRANGE', OUT, 0, -1)) do
    if owner(slot) ~= ask.server then return true end
  end
  return false
end

-- Servers with fewer slots than the asking one, which said that they will ask about now and could use a free one.
local function rivals(now, count, free)
  local first, last = string.format('(%.0f', now - ask.near), string.format('(%.0f', now + ask.near)
  local found = 0
  for _, server in ipairs(call('ZRANGEBYSCORE', AGAIN, first, last)) do
    local spare = tonumber(call('ZSCORE', SPARE, server))
    if server ~= ask.server and spare < free and (count[server] or 0) < (count[ask.server] or 0) then
      found = found + 1
    end
  end
  return found
end

local function wait(now, count, left)
  local cooling = dues(COOLING)
  local free = ask.limit - #cooling - call('ZCARD', OUT)
  local longest = math.max(gate(now), due(cooling, free, 0) - now, due(cooling, free, left) - ask.soon - now)
  if longest == inf and others_are_out() then return ask.poll end
  if longest > 0 then return longest end
  return rivals(now, count, free) >= free and ask.yield or 0
end

local function tell(tags, settle)
  return call('XADD', CHANGES, 'MAXLEN', '=', ask.kept, '*', 'server', ask.server, 'tags', tags, 'settle', settle)
end

local always, known = {}, {}

function always.join(now)
  for _, key in ipairs({COOLING, OUT}) do
    for _, slot in ipairs(call('ZRANGE', key, 0, -1)) do
      if owner(slot) == ask.server then call('ZREM', key, slot) end
    end
  end
  for _, ident in ipairs(ask.out) do call('ZADD', OUT, now + ask.lease, slot(ident)) end
  for ident, after in pairs(ask.cooling) do call('ZADD', COOLING, now + after, slot(ident)) end
  leave(ask.server)
  call('ZADD', SEEN, now, ask.server)
end

function always.leave() leave(ask.server) end

function always.look(now) return standing(now, held()) end

function always.tell() tell(ask.tags, ask.settle) end

-- What was told since the change heard last, which must still be there; else only where to begin.
function always.news()
  local told = call('XRANGE', CHANGES, ask.last, '+')
  if told[1] and told[1][1] == ask.last then return told end
  local newest = call('XREVRANGE', CHANGES, '+', '-', 'COUNT', 1)[1]
  return newest and newest[1] or tell('[]', 0)
end

function known.take(now)
  local count = held()
  local left = count[ask.server] and ask.spare + places(now, count) or 0
  local seconds = wait(now, count, left)
  if seconds ~= 0 then
    call('ZADD', AGAIN, now + (seconds == inf and ask.poll or seconds), ask.server)
    call('ZADD', SPARE, left, ask.server)
    return standing(now, count, seconds)
  end
  call('ZREM', AGAIN, ask.server)
  if call('HEXISTS', GATE, 'shut') == 1 then call('HSET', GATE, 'probe', ask.ident, 'probing', now + ask.patience) end
  call('HINCRBY', GATE, 'turns', 1)
  call('ZADD', OUT, now + ask.lease, slot(ask.ident))
  count[ask.server] = (count[ask.server] or 0) + 1
  return standing(now, count)
end

function known.release(now)
  call('ZREM', OUT, slot(ask.ident))
  call('ZREM', COOLING, slot(ask.ident))
  if ask.after > 0 then call('ZADD', COOLING, now + ask.after, slot(ask.ident)) end
  if call('HGET', GATE, 'probe') == ask.ident then
    call('HDEL', GATE, 'probe')
    if ask.opens then call('HDEL', GATE, 'shut') end
  end
  return standing(now, held())
end

function known.shut(now)
  call('HSET', GATE, 'shut', math.max(call('HGET', GATE, 'shut') or 0, now + ask.seconds))
  call('HDEL', GATE, 'probe')
  return standing(now, held())
end

local now = moment()
clear(now)
local step = always[ask.step]
if not step and call('ZSCORE', SEEN, ask.server) then
  call('ZADD', SEEN, now, ask.server)
  step = known[ask.step]
end
local answer = step and step(now)
local shut = math.max(0, (call('HGET', GATE, 'shut') or 0) - now)
for _, key in ipairs(KEYS) do call('PEXPIRE', key, math.ceil((ask.quiet + shut) / 1000)) end
return answer or false
