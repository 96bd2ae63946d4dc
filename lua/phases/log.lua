require("metrics.counters").log()
