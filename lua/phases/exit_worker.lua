require("metrics.counters").flush()
require("config.feed").stop()
