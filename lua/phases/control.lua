require("config.api").serve()
