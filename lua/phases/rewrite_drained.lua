require("router.router").rewrite_drained()
