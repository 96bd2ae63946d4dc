-- limit-rate, limit-rate-after: nginx reads both from variables when it sends the response.

local _M = {}

function _M.route(route)
  local bandwidth = route.policy.bandwidth
  return bandwidth and function(var)
    var.limit_rate = bandwidth.bytes_per_second
    var.sluice_rate_after = bandwidth.after
  end
end

return _M
